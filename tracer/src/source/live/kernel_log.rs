//! Reads the kernel's log, `/dev/kmsg` (Documentation/ABI/testing/dev-kmsg), for what
//! no hook reports: the constraint under which the OOM killer chose a victim, and the
//! memory cgroup. `oom_kill_process` logs both in one line before it marks the victim
//! (`dump_oom_summary`, mm/oom_kill.c, since 5.0).
//!
//! The log is read only when there is a victim, from the last position on. The cost
//! grows with what the kernel wrote since then, at most its whole buffer.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    os::unix::fs::OpenOptionsExt as _,
};

use crate::event::{Constraint, Hook, OomCause, OomVictim, Purpose, Text, Who};

/// Bytes of a read buffer that holds any record of the log (PRINTK_MESSAGE_MAX, 2048
/// bytes; CONSOLE_EXT_LOG_MAX, 8192, before 6.4). The kernel refuses a shorter one.
const RECORD_MAX: usize = 8192;
/// Number of lines that wait for their victim's record. The oldest is dropped when
/// there are more: its record was lost.
const LINES: usize = 64;

/// Reader of the kernel's log.
pub struct KernelLog {
    file: File,
    /// PID and cause of victims whose records have not arrived, oldest first.
    lines: VecDeque<(u32, OomCause)>,
    assembler: LineAssembler,
}

/// Opens the log if the OOM killer is traced. If that fails, the hook's losses say
/// why.
pub fn open(hooks: &mut [Hook]) -> Option<KernelLog> {
    let mut hooks = hooks.iter_mut();
    let hook = hooks.find(|hook| hook.purpose == Purpose::Oom && hook.hook.is_some())?;
    match KernelLog::open() {
        Ok(log) => Some(log),
        Err(error) => {
            hook.loses = format!("the constraint and the cgroup: /dev/kmsg: {error}").into();
            None
        }
    }
}

impl KernelLog {
    /// Opens the log at its end. Needs CAP_SYSLOG if kernel.dmesg_restrict is set.
    fn open() -> io::Result<KernelLog> {
        let mut options = File::options();
        options.read(true).custom_flags(libc::O_NONBLOCK);
        let mut file = options.open("/dev/kmsg")?;
        file.seek(SeekFrom::End(0))?;
        Ok(KernelLog {
            file,
            lines: VecDeque::new(),
            assembler: LineAssembler::default(),
        })
    }

    /// Returns what the log says about a victim. The kernel logs the PID of the task
    /// that it picked: the leader, unless that has exited.
    pub fn victim(&mut self, victim: Who) -> OomVictim {
        self.read();
        let pids = [victim.task.pid, victim.process.tgid];
        let its = |line: &(u32, OomCause)| pids.contains(&line.0);
        let line = self.lines.iter().rposition(its);
        match line.and_then(|line| self.lines.remove(line)) {
            Some((_, cause)) => OomVictim::Logged(cause),
            None => OomVictim::NotLogged,
        }
    }

    /// Reads all lines written since the last call.
    fn read(&mut self) {
        let mut record = [0; RECORD_MAX];
        loop {
            match self.file.read(&mut record) {
                Ok(0) => return,
                Ok(length) => {
                    if let Some(line) = self.assembler.record(&record[..length]) {
                        self.lines.push_back(line);
                        if self.lines.len() > LINES {
                            self.lines.pop_front();
                        }
                    }
                }
                // Records were overwritten before they were read. The next read continues
                // behind them.
                Err(error) if error.raw_os_error() == Some(libc::EPIPE) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    log::warn!("reading the kernel's log: {error}");
                    return;
                }
            }
        }
    }
}

/// Assembles lines from records. The kernel writes the line in pieces; if another CPU
/// writes in between, each piece is a record of its own.
#[derive(Default)]
struct LineAssembler {
    begun: Option<Vec<u8>>,
}

impl LineAssembler {
    /// Takes a record, `priority,sequence,time,flags;text` followed by lines of a device.
    /// Returns the PID and cause of a victim if it completes a line.
    fn record(&mut self, record: &[u8]) -> Option<(u32, OomCause)> {
        let end = record.iter().position(|&byte| byte == b'\n');
        let record = &record[..end.unwrap_or(record.len())];
        let semicolon = record.iter().position(|&byte| byte == b';')?;
        let (head, text) = (&record[..semicolon], unescaped(&record[semicolon + 1..]));
        let continues = head.split(|&byte| byte == b',').nth(3) == Some(b"c");
        let mut line = match (text.starts_with(OOM), continues) {
            (true, _) => text,
            (false, true) => [self.begun.take()?, text].concat(),
            (false, false) => return None,
        };
        match parse(&line) {
            Some(victim) => Some(victim),
            None => {
                line.truncate(RECORD_MAX);
                self.begun = Some(line);
                None
            }
        }
    }
}

const OOM: &[u8] = b"oom-kill:constraint=";

/// Parses `oom-kill:constraint=C,nodemask=…,cpuset=…,mems_allowed=…[,oom_memcg=PATH|,global_oom]
/// [,task_memcg=PATH],task=NAME,pid=N,uid=N`. Names and paths may contain commas; a name
/// has at most 15 bytes.
fn parse(line: &[u8]) -> Option<(u32, OomCause)> {
    const COMM_MAX: usize = 15;
    let rest = line.strip_prefix(OOM)?;
    let (constraint, rest) = split(rest, rest.iter().position(|&byte| byte == b',')?, 1);
    let constraint = Constraint::from_name(constraint)?;
    let (rest, numbers) = split_last(rest, b",pid=")?;
    let (pid, uid) = split_last(numbers, b",uid=")?;
    let digits = |text: &[u8]| std::str::from_utf8(text).ok()?.parse().ok();
    let (pid, _): (u32, u32) = (digits(pid)?, digits(uid)?);
    let mut tasks = places(rest, b",task=");
    let task = tasks.find(|&at| rest.len() - at <= b",task=".len() + COMM_MAX)?;
    let (rest, task_memcg) = path(&rest[..task], b",task_memcg=");
    let (_, oom_memcg) = path(rest, b",oom_memcg=");
    let cause = OomCause {
        constraint,
        oom_memcg,
        task_memcg,
    };
    Some((pid, cause))
}

/// Returns the part of the line before a key, and the path behind it.
fn path<'a>(line: &'a [u8], key: &[u8]) -> (&'a [u8], Option<Text>) {
    let Some(at) = places(line, key).next() else {
        return (line, None);
    };
    let (before, path) = split(line, at, key.len());
    (before, Some(Text::new(path)))
}

fn split_last<'a>(line: &'a [u8], key: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = places(line, key).last()?;
    Some(split(line, at, key.len()))
}

fn split(line: &[u8], at: usize, key: usize) -> (&[u8], &[u8]) {
    (&line[..at], &line[at + key..])
}

/// Returns the offsets at which a key occurs.
fn places<'a>(line: &'a [u8], key: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let windows = line.windows(key.len()).enumerate();
    windows.filter_map(move |(at, window)| (window == key).then_some(at))
}

/// Decodes `\xHH`, which the log writes for unprintable bytes and the backslash.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, behind)) = rest.split_first() {
        let digit = |at: usize| char::from(*behind.get(at)?).to_digit(16);
        let escape = (first == b'\\' && behind.first() == Some(&b'x'))
            .then(|| Some((digit(1)? * 16 + digit(2)?) as u8))
            .flatten();
        match escape {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[3..];
            }
            None => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A line that 6.18 wrote.
    const LINE: &str = "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,\
                        mems_allowed=0,oom_memcg=/a,task_memcg=/a/b,task=python3,pid=20594,uid=0";

    fn parsed(record: &str) -> Option<(u32, OomCause)> {
        LineAssembler::default().record(record.as_bytes())
    }

    fn text(path: &str) -> Option<Text> {
        Some(Text::new(path.as_bytes()))
    }

    #[test]
    fn a_line_gives_constraint_and_cgroups() {
        let (pid, cause) = parsed(&format!("6,1053,35214903556,-,caller=T20594;{LINE}\n")).unwrap();
        assert_eq!(pid, 20594);
        assert_eq!(cause.constraint, Constraint::Memcg);
        assert_eq!(
            (cause.oom_memcg, cause.task_memcg),
            (text("/a"), text("/a/b"))
        );
    }

    #[test]
    fn a_host_without_memory_has_no_full_cgroup() {
        let line = LINE
            .replace("MEMCG", "NONE")
            .replace("oom_memcg=/a", "global_oom");
        let (_, cause) = parsed(&format!("6,1,2,-;{line}\n")).unwrap();
        assert_eq!(cause.constraint, Constraint::None);
        assert_eq!((cause.oom_memcg, cause.task_memcg), (None, text("/a/b")));
    }

    #[test]
    fn names_and_paths_may_contain_the_keys() {
        for name in ["a,pid=1,uid=0", "a,b", ",task_memcg=/x", "\\x2c\\x0a"] {
            let line = LINE.replace("python3", name);
            let (pid, cause) = parsed(&format!("6,1,2,-;{line}\n")).unwrap();
            assert_eq!(pid, 20594, "{name}");
            assert_eq!(cause.task_memcg, text("/a/b"), "{name}");
        }
        let line = LINE.replace("/a/b", "/a/b\\x5cx2d,task=0123456789");
        let (_, cause) = parsed(&format!("6,1,2,-;{line}\n")).unwrap();
        assert_eq!(cause.task_memcg, text("/a/b\\x2d,task=0123456789"));
    }

    #[test]
    fn pieces_are_joined_over_what_others_wrote_between() {
        let mut reading = LineAssembler::default();
        let (one, rest) = LINE.split_at(40);
        let (two, three) = rest.split_at(50);
        assert_eq!(reading.record(format!("6,1,2,-;{one}\n").as_bytes()), None);
        assert_eq!(
            reading.record(b"6,2,2,-;eth0: link up\n SUBSYSTEM=net\n"),
            None
        );
        assert_eq!(reading.record(format!("6,3,2,c;{two}\n").as_bytes()), None);
        let cause = reading.record(format!("6,4,2,c;{three}\n").as_bytes());
        assert_eq!(cause.unwrap().0, 20594);
        // A line whose beginning was not read is ignored.
        assert_eq!(
            reading.record(format!("6,5,2,c;{three}\n").as_bytes()),
            None
        );
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_do_not_panic(bytes: Vec<u8>, cut in 0..LINE.len()) {
            let mut reading = LineAssembler::default();
            reading.record(&bytes);
            reading.record(&[b"6,1,2,c;", &bytes[..]].concat());
            let record = format!("6,1,2,-;{}", &LINE[..cut]);
            prop_assert_eq!(reading.record(record.as_bytes()), None);
            reading.record(&[b"6,1,2,c;", &bytes[..]].concat());
        }
    }
}
