//! The command line: what can be asked, and how it is explained.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use anyhow::{Context as _, Result};
use clap::builder::PossibleValuesParser;
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum, ValueHint, error::ErrorKind};
use clap_complete::Shell;

use tracer::session::{
    self, Answer, Colours, Cut, Exit, FaultMode, Filter, Info, KernelOptions, Live, Looks, Merge,
    Record, Repair, Replay, Retention, Ring, Save, Shown, StateMode, Target, When, Window, Without,
};

/// Watch every process of this machine be born, run, die, wait as a zombie and
/// be reaped: one truthful story per process, from the kernel itself.
#[derive(Parser)]
#[command(
    version,
    arg_required_else_help = true,
    after_help = "\
Examples:
  sudo tracer live                        the dashboard
  sudo tracer record build.trace -- make  record while a command runs
  tracer replay build.trace               the same dashboard, offline, without root
  tracer replay build.trace --report      what happened, in text"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Trace this machine in a terminal dashboard
    #[command(after_help = "\
Examples:
  sudo tracer live                              the dashboard; q quits, ? helps
  sudo tracer live --save today.trace           and keep what it shows
  sudo tracer live --filter 'comm =~ /nginx/'   only these; `tracer filters` says how
  sudo tracer live --report --for 10s           ten seconds, then a summary in text")]
    Live(LiveArgs),

    /// Record what happens to a file
    #[command(after_help = "\
Examples:
  sudo tracer record                            until Ctrl-C, to tracer-DATE.trace
  sudo tracer record night.trace --for 8h       for eight hours
  sudo tracer record ci.trace -- make test      while a command runs; exits as it does
  sudo tracer record - | ssh host tracer replay -
  sudo tracer record --ring /var/lib/tracer --keep 24h --max-size 2GiB
  tracer replay /var/lib/tracer --since 03:10 --until 03:15

A flight recorder goes on where an earlier one in the same directory ended. What
is kept is never more than --max-size, but for what one second writes. On a full
disk it lets go of its oldest segments first, and ends only when none is left.

Exit codes: 0 all went well; 1 tracing failed; 2 wrong usage; 3 the recording is
incomplete but can be read (a full disk); with a command, the command's own.")]
    Record(RecordArgs),

    /// Open a recording in the dashboard, or print it
    #[command(after_help = "\
Examples:
  tracer replay build.trace                     the dashboard
  tracer replay build.trace --report            a summary in text
  tracer replay build.trace --report=findings   who does not reap, cannot fork, keeps crashing
  tracer replay build.trace --report=findings --json | jq .says
  tracer replay build.trace --json | jq 'select(.exit_signal != null)'
  tracer replay build.trace --report --filter 'exit.code != 0 && tree(make)'
  tracer replay build.trace --events | less     every event, a line each
  tracer replay night.trace --since 03:10 --until 03:15 --report
  tracer replay build.trace --events --json     every event, a JSON object each
  tracer replay --follow build.trace            while it is still being written
  tracer replay /var/lib/tracer --since=-10m    the last ten minutes of a flight recorder
  ssh host sudo tracer record - | tracer replay -

Of a directory with segments (`tracer record --ring`) the latest trace is read that
meets the time asked for; a time of day is the last one that there was.

Exit codes: 0 also where a part cannot be read: what is missing is said, and is a gap
in what is shown (`tracer info` exits with 3 then); 1 nothing can be read; 2 wrong
usage.")]
    Replay(ReplayArgs),

    /// Say what is in a recording, and check that all of it can be read
    #[command(after_help = "\
Examples:
  tracer info build.trace
  tracer info build.trace --json | jq .kinds
  tracer info night.trace || tracer repair night.trace whole.trace
  tracer info /var/lib/tracer                   the segments of a flight recorder

Exit codes: 0 every block is good and the recording ends in good order; 1 it cannot be
read at all; 3 it is damaged or torn, and the rest can be read.")]
    Info(InfoArgs),

    /// Make a whole recording of what can be read of a damaged one
    #[command(after_help = "\
What cannot be read becomes a gap, which says how many events are missing.

Examples:
  tracer repair torn.trace whole.trace
  tracer repair - whole.trace < torn.trace")]
    Repair(RepairArgs),

    /// Make a small recording of a part of one, for a bug report
    #[command(after_help = "\
What was there when the part begins is in it too, so that it stands alone.
Moments are a time of day (the first such in the recording), a date with a time,
both UTC unless they say otherwise, -10m (before the end) or +90s (after the
beginning).

Examples:
  tracer cut night.trace part.trace --since 03:10 --until 03:15
  tracer cut night.trace part.trace --since=-10m
  tracer cut night.trace part.trace --tree 1234
  tracer cut night.trace part.trace --tree 1234 --anonymize    to show it to strangers")]
    Cut(CutArgs),

    /// Make one recording of several of one boot, in the order of time
    #[command(after_help = "\
What two of them tell is told once. Between recordings that do not touch stands a
gap. Recordings of different boots cannot be merged: their times and process
numbers have nothing to do with each other.

Examples:
  tracer merge whole.trace first.trace second.trace
  tracer merge both.trace nginx.trace redis.trace    two trees that were cut out
  tracer merge --anonymize public.trace first.trace second.trace")]
    Merge(MergeArgs),

    /// Say what this machine offers a tracer, and what is lost and why
    #[command(after_help = "\
Examples:
  sudo tracer doctor                            which hook serves each purpose here
  sudo tracer doctor --json | jq .live_runs
  sudo tracer doctor --without fentry,kprobe    what a locked-down host would say

Exit code: 0 when `tracer live` runs here, else 1.")]
    Doctor(DoctorArgs),

    /// Explain the language of --filter, and list the filters that are saved
    #[command(after_help = "\
Example:
  tracer filters | less")]
    Filters,

    /// Print a completion script for a shell
    #[command(after_help = "\
Example:
  tracer completions bash | sudo tee /usr/share/bash-completion/completions/tracer")]
    Completions { shell: Shell },

    /// Print the manual page, of tracer or of one of its commands
    #[command(after_help = "\
Examples:
  tracer man | man -l -
  tracer man record | man -l -")]
    Man { command: Option<String> },
}

#[derive(Args)]
struct LiveArgs {
    /// Keep the trace in a file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    save: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long, requires = "save")]
    force: bool,
    /// No dashboard: print a summary, or one part of it, when tracing ends
    #[arg(long, value_name = "PART", num_args = 0..=1, require_equals = true,
          default_missing_value = session::SUMMARY, value_parser = part, long_help = report_help())]
    report: Option<ReportPart>,
    /// How many processes that are gone stay in memory, the latest; the counts in reports are of all
    #[arg(long, value_name = "NUMBER", default_value_t = Retention::default().gone)]
    keep: usize,
    /// For how long at most they stay: 10m, 8h [default: as long as they are among those]
    #[arg(long, value_name = "TIME", value_parser = session::duration)]
    keep_for: Option<Duration>,
    /// Show only these processes; a file gets all: see `tracer filters`
    #[arg(long, value_name = "FILTER", value_parser = session::filter)]
    filter: Option<Filter>,
    #[command(flatten)]
    looks: LooksArgs,
    #[command(flatten)]
    trace: TraceArgs,
}

#[derive(Args)]
struct LooksArgs {
    /// The dashboard's colours [default: as they were left, or as COLORFGBG says]
    #[arg(long, value_name = "THEME", value_parser = PossibleValuesParser::new(session::themes()))]
    theme: Option<String>,
    /// How many colours; auto is what the terminal says it has, and none with NO_COLOR
    #[arg(
        long,
        visible_alias = "color",
        value_name = "HOW",
        value_enum,
        default_value_t
    )]
    colors: ColoursArg,
    /// No signs but ASCII [default: where the locale has no UTF-8]
    #[arg(long)]
    ascii: bool,
    /// Neither read nor keep how the dashboard was left: columns, order, theme
    #[arg(long)]
    no_state: bool,
}

impl LooksArgs {
    fn looks(self) -> Looks {
        Looks {
            theme: self.theme,
            colours: match self.colors {
                ColoursArg::Auto => Colours::Auto,
                ColoursArg::Never => Colours::Never,
                ColoursArg::Sixteen => Colours::Named,
                ColoursArg::Palette => Colours::Indexed,
                ColoursArg::True => Colours::True,
            },
            ascii: self.ascii,
            no_state: self.no_state,
        }
    }
}

/// What `--colors` takes.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum ColoursArg {
    #[default]
    Auto,
    /// Bold, dim and reversed only
    Never,
    #[value(name = "16")]
    Sixteen,
    #[value(name = "256")]
    Palette,
    /// 24 bits
    True,
}

#[derive(Args)]
struct RecordArgs {
    /// Where to; `-` is standard output [default: tracer-DATE.trace]
    #[arg(value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
    /// Flight recorder: keep the latest past in a directory, in segments of which each can be
    /// replayed alone; the oldest are removed
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath,
          conflicts_with_all = ["file", "force"])]
    ring: Option<PathBuf>,
    /// With --ring: how far back to keep what happened: 90m, 24h, 7d
    #[arg(long, value_name = "TIME", default_value = "24h", requires = "ring",
          value_parser = session::duration)]
    keep: Duration,
    /// With --ring: how much the directory may hold; 1M or more
    #[arg(long, value_name = "SIZE", default_value = "2GiB", requires = "ring",
          value_parser = ring_size)]
    max_size: u64,
    /// With --ring: how long a segment is at most; it also ends at an eighth of --max-size
    #[arg(long, value_name = "TIME", default_value = "10m", requires = "ring",
          value_parser = segment_length)]
    segment: Duration,
    /// Record while this command runs, and exit with its exit code; it runs as tracer does: under
    /// sudo as root, unless it is `sudo -u USER CMD`
    #[arg(last = true, value_name = "CMD", value_hint = ValueHint::CommandWithArguments)]
    command: Vec<OsString>,
    #[command(flatten)]
    trace: TraceArgs,
}

#[derive(Args)]
struct DoctorArgs {
    /// As one JSON object
    #[arg(long)]
    json: bool,
    /// The bare facts, for tests of the plan
    #[arg(long, hide = true, conflicts_with = "json")]
    facts: bool,
    #[command(flatten)]
    kernel: KernelArgs,
}

#[derive(Args)]
struct TraceArgs {
    /// Stop after this time: 500ms, 10s, 5m, 8h; a command is asked to end then
    #[arg(long = "for", value_name = "TIME", value_parser = session::duration)]
    limit: Option<Duration>,
    #[command(flatten)]
    kernel: KernelArgs,
}

#[derive(Args)]
struct KernelArgs {
    /// Kinds of hooks that must not be used: fentry, kprobe, tp_btf, raw_tp, syscalls, iter, proc
    ///
    /// `syscalls` are hooks on wait4 and waitid, the only prompt witness of a
    /// reap where the kernel allows no hook on release_task. They put every
    /// system call of this machine on the kernel's slow path (tens of
    /// nanoseconds each); without them, a reap is known only by the free that
    /// follows it.
    #[arg(
        long,
        value_name = "HOOKS",
        default_value = "",
        hide_default_value = true
    )]
    without: Without,

    /// What is done with page faults.
    #[arg(long, value_name = "MODE", value_enum, default_value_t)]
    faults: FaultArg,

    /// With --faults=stream: send one fault in so many.
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
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
}

#[derive(Args)]
struct ReplayArgs {
    /// The recording, or a directory with segments; `-` is standard input
    #[arg(value_hint = ValueHint::AnyPath)]
    file: PathBuf,
    /// Print a summary, or one part of it (the summary is the default where standard output is no terminal)
    #[arg(long, value_name = "PART", num_args = 0..=1, require_equals = true,
          default_missing_value = session::SUMMARY, value_parser = part, long_help = report_help(),
          conflicts_with = "events")]
    report: Option<ReportPart>,
    /// One JSON object per process, a line each; with --events, per event; with --report=findings or zombies, per finding or owner
    #[arg(long)]
    json: bool,
    /// Every event, a line each
    #[arg(long)]
    events: bool,
    #[command(flatten)]
    moments: MomentArgs,
    /// Go on with what is still being written, until the recorder ends or Ctrl-C
    #[arg(short, long, conflicts_with = "until")]
    follow: bool,
    /// Only these processes: see `tracer filters`
    ///
    /// With --report, the processes that the filter keeps are listed, in place
    /// of the summary. A filter is asked about a process's whole life, also
    /// for --events.
    #[arg(long, value_name = "FILTER", value_parser = session::filter)]
    filter: Option<Filter>,
    #[command(flatten)]
    looks: LooksArgs,
}

#[derive(Args)]
struct InfoArgs {
    /// The recording, or a directory with segments; `-` is standard input
    #[arg(value_hint = ValueHint::AnyPath)]
    file: PathBuf,
    /// As one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct RepairArgs {
    /// The damaged recording; `-` is standard input
    #[arg(value_name = "IN", value_hint = ValueHint::FilePath)]
    from: PathBuf,
    #[command(flatten)]
    to: OutArgs,
}

#[derive(Args)]
struct CutArgs {
    /// The recording to take a part of
    #[arg(value_name = "IN", value_hint = ValueHint::FilePath)]
    from: PathBuf,
    #[command(flatten)]
    to: OutArgs,
    #[command(flatten)]
    moments: MomentArgs,
    /// Only the process with this number and all that came from it
    #[arg(long, value_name = "PID")]
    tree: Option<u32>,
    #[command(flatten)]
    names: NameArgs,
}

#[derive(Args)]
struct MergeArgs {
    #[command(flatten)]
    to: OutArgs,
    /// The recordings, or directories of segments
    #[arg(value_name = "IN", num_args = 2.., required = true, value_hint = ValueHint::AnyPath)]
    from: Vec<PathBuf>,
    #[command(flatten)]
    names: NameArgs,
}

#[derive(Args)]
struct NameArgs {
    /// Replace every name: of hosts, commands, arguments, files and cgroups
    ///
    /// The same word becomes the same token wherever it stands in the new
    /// recording, and another one in the next. Numbers, times, exit codes, the
    /// kernel's release, how many arguments there were and how deep a path is
    /// stay as they are.
    #[arg(long)]
    anonymize: bool,
}

#[derive(Args)]
struct MomentArgs {
    /// From this moment on: 03:10, 2026-11-21T03:10:00Z, -10m, +90s
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    since: Option<When>,
    /// Up to this moment
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    until: Option<When>,
}

impl MomentArgs {
    fn window(self, tree: Option<u32>) -> Window {
        Window {
            since: self.since,
            until: self.until,
            tree,
        }
    }
}

/// Where a command puts the recording that it makes.
#[derive(Args)]
struct OutArgs {
    /// The recording to make; `-` is standard output
    #[arg(value_name = "OUT", value_hint = ValueHint::FilePath)]
    out: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

impl OutArgs {
    fn save(self) -> Save {
        Save {
            path: self.out,
            force: self.force,
        }
    }
}

impl Cli {
    pub fn run(self) -> Result<Exit> {
        match self.command {
            Command::Live(args) => {
                let save = args.save.map(|path| Save {
                    path,
                    force: args.force,
                });
                let (kernel, limit) = args.trace.options(false);
                let age = args.keep_for.map(|age| age.as_nanos().try_into().ok());
                session::live(Live {
                    kernel,
                    save,
                    limit,
                    report: args.report.is_some(),
                    part: args.report.and_then(|ReportPart(part)| part),
                    retention: Retention {
                        gone: args.keep,
                        age: age.flatten().unwrap_or(u64::MAX),
                    },
                    filter: args.filter,
                    looks: args.looks.looks(),
                })
            }
            Command::Record(args) => {
                let command = Some(args.command).filter(|command| !command.is_empty());
                let (kernel, limit) = args.trace.options(command.is_some());
                let save = match args.ring {
                    Some(dir) => Target::Ring(Ring {
                        dir,
                        keep: args.keep,
                        max_size: args.max_size,
                        segment: args.segment,
                    }),
                    None => Target::File(Save {
                        path: args.file.unwrap_or_else(session::default_file),
                        force: args.force,
                    }),
                };
                session::record(Record {
                    kernel,
                    save,
                    limit,
                    command,
                })
            }
            Command::Replay(args) => {
                let shown = match (args.report, args.json, args.events) {
                    (Some(ReportPart(part)), true, _) => Shown::Export(session::objects(part)),
                    (Some(ReportPart(part)), false, _) => Shown::Report(part),
                    (_, true, true) => Shown::Export("events-json"),
                    (_, true, false) => Shown::Export("json"),
                    (_, false, true) => Shown::Export("events"),
                    (None, false, false) => Shown::Dashboard,
                };
                session::replay(Replay {
                    path: args.file,
                    shown,
                    filter: args.filter,
                    window: args.moments.window(None),
                    looks: args.looks.looks(),
                    follow: args.follow,
                })
            }
            Command::Filters => session::print(&session::filters()),
            Command::Info(args) => session::info(&Info {
                path: args.file,
                json: args.json,
            }),
            Command::Cut(args) => session::cut(&Cut {
                from: args.from,
                to: args.to.save(),
                window: args.moments.window(args.tree),
                anonymize: args.names.anonymize,
            }),
            Command::Merge(args) => session::merge(&Merge {
                from: args.from,
                to: args.to.save(),
                anonymize: args.names.anonymize,
            }),
            Command::Repair(args) => session::repair(&Repair {
                from: args.from,
                to: args.to.save(),
            }),
            Command::Doctor(args) => {
                let answer = match (args.json, args.facts) {
                    (_, true) => Answer::Facts,
                    (true, false) => Answer::Json,
                    (false, false) => Answer::Text,
                };
                session::doctor(&args.kernel.options(true), &answer)
            }
            Command::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Cli::command(), "tracer", &mut script);
                session::print(&String::from_utf8(script)?)
            }
            Command::Man { command } => {
                let mut whole = Cli::command();
                whole.build();
                let shown = match &command {
                    None => &whole,
                    Some(name) => whole
                        .find_subcommand(name)
                        .with_context(|| format!("tracer has no command {name:?}"))?,
                };
                let mut page = Vec::new();
                clap_mangen::Man::new(shown.clone()).render(&mut page)?;
                session::print(&String::from_utf8(page)?)
            }
        }
    }
}

impl TraceArgs {
    fn options(self, starts_command: bool) -> (KernelOptions, Option<Duration>) {
        (self.kernel.options(starts_command), self.limit)
    }
}

impl KernelArgs {
    fn options(self, starts_command: bool) -> KernelOptions {
        if let Some(wrong) = self.states.misused(&self.states_of, starts_command) {
            let error = Cli::command().error(ErrorKind::ArgumentConflict, wrong);
            error.exit();
        }
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
    fn misused(self, of: &[u32], starts_command: bool) -> Option<&'static str> {
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

/// What `--report` asks for; none: the summary.
#[derive(Clone, Copy)]
struct ReportPart(Option<&'static session::Part>);

fn part(name: &str) -> Result<ReportPart, String> {
    session::report_part(name).map(ReportPart)
}

fn report_help() -> String {
    format!(
        "Print a summary, or one part of it: --report=PART\n\n{}",
        session::parts()
    )
}

/// What a flight recorder can do with.
fn ring_size(text: &str) -> Result<u64, String> {
    let size = session::bytes(text)?;
    match size >= 1 << 20 {
        true => Ok(size),
        false => Err("it must be 1M or more, to hold more than what runs now".to_owned()),
    }
}

/// Shorter segments would hold little but what each begins with.
fn segment_length(text: &str) -> Result<Duration, String> {
    let length = session::duration(text)?;
    match length >= Duration::from_secs(1) {
        true => Ok(length),
        false => Err("it must be 1s or more".to_owned()),
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
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

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
