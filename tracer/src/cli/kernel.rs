//! How a trace is taken: hooks, faults, states, buffer. Of `live`, `record` and
//! `doctor`.

use std::{path::PathBuf, time::Duration};

use clap::{ArgAction, Args, ValueEnum, ValueHint};
use tracer::session::{self, FaultMode, KernelOptions, StateMode, Without};

#[derive(Args)]
pub struct TraceArgs {
    /// Stop after this time: 500ms, 10s, 5m, 8h; a command is asked to end then
    #[arg(long = "for", value_name = "TIME", value_parser = session::duration)]
    limit: Option<Duration>,
    #[command(flatten)]
    kernel: KernelArgs,
}

#[derive(Args)]
pub struct KernelArgs {
    /// Kinds of hooks that must not be used: fentry, kprobe, tp_btf, raw_tp, syscalls, iter, proc
    ///
    /// `syscalls` are hooks on clone, wait4 and others, used where the kernel allows none
    /// on its functions: the only prompt witness there of a reap, of a fork that failed
    /// and of how long one took. They put every system call of this machine on the
    /// kernel's slow path (tens of nanoseconds each); without them, a reap is known only
    /// by the free that follows it.
    #[arg(
        long,
        value_name = "HOOKS",
        default_value = "",
        hide_default_value = true
    )]
    without: Without,

    /// What is done with page faults
    #[arg(long, value_name = "MODE", value_enum, default_value_t)]
    faults: FaultArg,

    /// With --faults=stream: send one fault in so many
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    fault_sample: u64,

    /// What is done with the scheduler's states of tasks (running, runnable, asleep, ...)
    ///
    /// Time in each state and the delay from each wake-up to a turn on a CPU, by
    /// task. Counting costs some tens of nanoseconds at every context switch and
    /// wake-up, so that nothing is attached unless asked for.
    #[arg(long, value_name = "MODE", value_enum, default_value_t)]
    states: StateArg,

    /// With --states=stream: send the changes of these processes, and of all that comes from them
    ///
    /// PIDs are those of the initial pid namespace. The command of `record` is
    /// always among them.
    #[arg(long, value_name = "PIDS", value_delimiter = ',')]
    states_of: Vec<u32>,

    /// Size of the kernel's ring buffer: a power of two, 64K to 1G
    #[arg(long, value_name = "SIZE", default_value = "8M", value_parser = buffer)]
    buffer: u32,
    /// The kernel's types, for a kernel without /sys/kernel/btf/vmlinux
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    btf: Option<PathBuf>,
    /// tracer's own diagnostics and the kernel side's, on standard error; -vv: all
    #[arg(short, long, action = ArgAction::Count)]
    verbose: u8,
}

impl TraceArgs {
    /// Returns the problem with a combination of arguments, if there is one.
    pub fn conflict(&self, starts_command: bool) -> Option<&'static str> {
        self.kernel.conflict(starts_command)
    }

    pub fn options(self) -> (KernelOptions, Option<Duration>) {
        (self.kernel.options(), self.limit)
    }
}

impl KernelArgs {
    /// Returns the problem with a combination of arguments, if there is one.
    pub fn conflict(&self, starts_command: bool) -> Option<&'static str> {
        self.states.conflict(&self.states_of, starts_command)
    }

    pub fn options(self) -> KernelOptions {
        session::init_diagnostics(self.verbose);
        KernelOptions {
            buffer: self.buffer,
            btf: self.btf,
            without: self.without,
            faults: self.faults.mode(self.fault_sample),
            states: self.states.mode(self.states_of),
            verbose: self.verbose > 0,
        }
    }
}

/// What `--faults` takes.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum FaultArg {
    /// No hook is attached for page faults
    Off,
    /// Counted in the kernel, by process
    #[default]
    Count,
    /// Counted, and sent one by one with their addresses: a great many
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

/// What `--states` takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, ValueEnum)]
enum StateArg {
    /// No hook is attached for them
    #[default]
    Off,
    /// Counted in the kernel, by task
    Count,
    /// Counted, and each change sent of the command that is recorded and of --states-of
    Stream,
}

impl StateArg {
    fn conflict(self, of: &[u32], starts_command: bool) -> Option<&'static str> {
        match self {
            StateArg::Stream if of.is_empty() && !starts_command => Some(
                "--states=stream sends the changes of chosen processes: give a command \
                 (tracer record FILE -- CMD), or their PIDs with --states-of",
            ),
            StateArg::Off | StateArg::Count if !of.is_empty() => {
                Some("--states-of says whose changes are sent: it needs --states=stream")
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

/// A power of two between 64 KiB and 1 GiB.
fn buffer(text: &str) -> Result<u32, String> {
    let size = u32::try_from(session::bytes(text)?).ok();
    let size = size.filter(|size| (1 << 16..=1 << 30).contains(size) && size.is_power_of_two());
    size.ok_or_else(|| "the kernel wants a power of two; allowed are 64K to 1G".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_read_as_people_write_them() {
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
