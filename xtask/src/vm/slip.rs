//! The one fault of the emulator that ends guests, told by their console.
//!
//! A kernel patches its code (a tracepoint's jump, a trampoline's call) by way
//! of a breakpoint, and has every processor see that before it forgets of it
//! (`text_poke_bp_batch`, arch/x86/kernel/alternative.c). QEMU translates code on
//! one processor while another writes it, and can keep a translation of the
//! breakpoint that is long gone. The kernel then either says that nobody set one
//! (`Oops: int3`), or takes it for one just removed and runs the instruction
//! again, for ever (`kprobe_int3_handler`, arch/x86/kernel/kprobes/core.c): the
//! processor is stuck at a nop or a jump forward, where no loop can be.

const BREAKPOINT: &str = "Oops: int3";
const STUCK: &str = "BUG: soft lockup";

/// The line of the console that tells of it.
pub fn told(console: &str) -> Option<&str> {
    let mut lines = console.lines();
    loop {
        let line = lines.next()?;
        if line.contains(BREAKPOINT) {
            return Some(line);
        }
        if line.contains(STUCK) {
            let code = lines.find(|line| line.contains("Code: "))?;
            if is_patched(code) {
                return Some(line);
            }
        }
    }
}

/// Whether the instruction marked in `Code: .. <66> 90 ..` is one that the kernel
/// puts where it patches.
fn is_patched(code: &str) -> bool {
    let Some((_, at)) = code.split_once('<') else {
        return false;
    };
    let bytes: Vec<u8> = at
        .split([' ', '>'])
        .filter_map(|byte| u8::from_str_radix(byte, 16).ok())
        .collect();
    match bytes[..] {
        // Nops, of two bytes and of five; a call.
        [0x66, 0x90, ..] | [0x0f, 0x1f, ..] | [0xe8, ..] => true,
        [0xeb, over, ..] => over < 0x80,
        [0xe9, _, _, _, over, ..] => over < 0x80,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As 6.1 wrote it, shortened.
    fn stuck_at(code: &str) -> String {
        format!(
            "[    9.3] Unstable clock detected\n\
             [  636.3] watchdog: BUG: soft lockup - CPU#0 stuck for 48s! [exe:18487]\n\
             [  636.3] RIP: 0010:__set_task_comm+0x22/0xa0\n\
             [  636.3] Code: 54 53 48 89 fb 4c 89 ef e8 ee 10 6c 00 {code} \n"
        )
    }

    #[test]
    fn a_processor_stuck_where_no_loop_is() {
        for code in [
            "<66> 90 4c 89",
            "<0f> 1f 44 00 00 41",
            "<eb> 12 4c",
            "<e9> 01 02 00 00",
        ] {
            let console = stuck_at(code);
            assert!(told(&console).unwrap().contains("soft lockup"), "{code}");
        }
    }

    #[test]
    fn a_breakpoint_that_nobody_set() {
        let console = "[ 1.0] fine\n[ 68.1] Oops: int3: 0000 [#1] SMP\n";
        assert_eq!(told(console), Some("[ 68.1] Oops: int3: 0000 [#1] SMP"));
    }

    #[test]
    fn other_failures_are_the_guests_own() {
        // A lock that is waited for: pause, and a jump back.
        assert_eq!(told(&stuck_at("<f3> 90 eb f4")), None);
        assert_eq!(told(&stuck_at("<eb> f4 8b 03")), None);
        assert_eq!(told("[ 3.1] Oops: general protection fault"), None);
        assert_eq!(told(""), None);
    }
}
