//! Arguments of a trace: hooks, page faults, task states, buffer. Shared by
//! `live`, `record` and `doctor`.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum, ValueHint};
use tracer::session::{self, ArgumentBudget, DeniedHooks, FaultMode, KernelOptions, StateMode};

/// Arguments for the kernel side.
#[derive(Args)]
pub struct KernelArgs {
    /// Do not use these kinds of hooks, comma-separated: fentry, kprobe, tp_btf, raw_tp, syscalls, iter, proc
    ///
    /// `syscalls` are hooks on clone, wait4 and other system calls. They are used
    /// where the kernel allows no hooks on its functions. There, nothing else
    /// reports a reap without delay, a failed fork, or the duration of a fork. They
    /// slow down every system call on the machine by tens of nanoseconds. Without
    /// them, a reap is reported only when the kernel later frees the task.
    #[arg(
        long,
        value_name = "HOOKS",
        default_value = "",
        hide_default_value = true
    )]
    without: DeniedHooks,

    /// Trace page faults
    #[arg(long, value_name = "MODE", value_enum, default_value_t)]
    faults: FaultArg,

    /// With --faults=stream: send one fault in N, on each CPU
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    fault_sample: u64,

    /// Trace the scheduler's task states (running, runnable, asleep, ...)
    ///
    /// Measures the time in each state and the delay from each wake-up to running
    /// on a CPU, per task. Counting costs some tens of nanoseconds at every context
    /// switch and wake-up, so it is off by default.
    #[arg(long, value_name = "MODE", value_enum, default_value_t)]
    states: StateArg,

    /// With --states=stream: send the state changes of these processes and their descendants
    ///
    /// PIDs are those of the initial PID namespace. The command of `record` is
    /// always included.
    #[arg(long, value_name = "PIDS", value_delimiter = ',')]
    states_of: Vec<u32>,

    /// Size of the kernel's ring buffer: a power of two, 64K to 1G
    #[arg(long, value_name = "SIZE", default_value = "8M", value_parser = buffer)]
    buffer: u32,
    /// Read the kernel's types from this BTF file, which must match the running kernel
    ///
    /// Needed only if the kernel has no /sys/kernel/btf/vmlinux.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    btf: Option<PathBuf>,
    /// Print diagnostics of tracer and of its eBPF programs on standard error; -vv: all of them
    #[arg(short, long, action = ArgAction::Count)]
    verbose: u8,
}

impl KernelArgs {
    /// Returns the problem with a combination of arguments, if there is one.
    pub fn conflict(&self, starts_command: bool) -> Option<&'static str> {
        self.states.conflict(&self.states_of, starts_command)
    }

    /// Returns the options, and sets up diagnostics.
    pub fn options(self) -> KernelOptions {
        session::init_diagnostics(self.verbose);
        KernelOptions {
            buffer: self.buffer,
            btf: self.btf,
            without: self.without,
            faults: self.faults.mode(self.fault_sample),
            states: self.states.mode(self.states_of),
            arguments: ArgumentBudget::default(),
            verbose: self.verbose > 0,
        }
    }
}

/// The modes of `--faults`.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum FaultArg {
    /// Attach no page fault hooks
    Off,
    /// Count faults in the kernel, per process
    #[default]
    Count,
    /// Count faults and send each one with its address; a very high volume
    Stream,
}

impl FaultArg {
    fn mode(self, one_in: u64) -> FaultMode {
        match self {
            FaultArg::Off => FaultMode::Off,
            FaultArg::Count => FaultMode::Count,
            FaultArg::Stream => FaultMode::Stream { one_in },
        }
    }
}

/// The modes of `--states`.
#[derive(Clone, Copy, Debug, Default, PartialEq, ValueEnum)]
enum StateArg {
    /// Attach no hooks for task states
    #[default]
    Off,
    /// Count times in the kernel, per task
    Count,
    /// Count times, and send each change of the recorded command and of --states-of
    Stream,
}

impl StateArg {
    fn conflict(self, of: &[u32], starts_command: bool) -> Option<&'static str> {
        match self {
            StateArg::Stream if of.is_empty() && !starts_command => Some(
                "--states=stream needs the processes to follow: give a command \
                 (tracer record FILE -- CMD), or PIDs with --states-of",
            ),
            StateArg::Off | StateArg::Count if !of.is_empty() => {
                Some("--states-of needs --states=stream")
            }
            StateArg::Off | StateArg::Count | StateArg::Stream => None,
        }
    }

    fn mode(self, of: Vec<u32>) -> StateMode {
        match self {
            StateArg::Off => StateMode::Off,
            StateArg::Count => StateMode::Count,
            StateArg::Stream => StateMode::Stream { of },
        }
    }
}

/// Parses `--buffer`: bytes, a power of two between 64 KiB and 1 GiB.
fn buffer(text: &str) -> Result<u32, String> {
    let size = u32::try_from(session::bytes(text).map_err(|error| error.to_string())?).ok();
    let size = size.filter(|size| (1 << 16..=1 << 30).contains(size) && size.is_power_of_two());
    size.ok_or_else(|| "the size must be a power of two from 64K to 1G".to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn durations_and_sizes_are_parsed() {
        assert_eq!(session::duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(session::duration("8h"), Ok(Duration::from_secs(28800)));
        assert_eq!(session::duration("2"), Ok(Duration::from_secs(2)));
        assert!(
            session::duration("10 parsecs").is_err()
                && session::duration("-1s").is_err()
                && session::duration("s").is_err()
        );
        assert_eq!(buffer("8M"), Ok(8 << 20));
        assert_eq!(buffer("65536"), Ok(1 << 16));
        assert!(buffer("3M").is_err() && buffer("4K").is_err() && buffer("99999999G").is_err());
    }
}
