//! An independent witness: the messages of the kernel's proc connector
//! (drivers/connector/cn_proc.c) about every fork, exec and exit on the host. It uses
//! nothing of tracer, and detects missed messages.

use std::{
    collections::BTreeMap,
    io,
    os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread::JoinHandle,
};

/// include/uapi/linux/connector.h, cn_proc.h.
const CN_IDX_PROC: u32 = 1;
const CN_VAL_PROC: u32 = 1;
const PROC_CN_MCAST_LISTEN: u32 = 1;
const EVENT_NONE: u32 = 0;
const EVENT_FORK: u32 = 1;
const EVENT_EXEC: u32 = 2;
const EVENT_EXIT: u32 = 0x8000_0000;
/// Size of `struct nlmsghdr`, and of `struct cn_msg` up to its data.
const NLMSG_HEADER: usize = 16;
const CN_MSG: usize = 20;
/// Receive buffer of the socket, bytes.
const BUFFER: libc::c_int = 64 << 20;

/// A message, in the order of the socket.
#[derive(Clone, Debug)]
pub struct Message {
    /// ns since boot.
    pub at: u64,
    pub said: Said,
}

/// Content of a message. PIDs are those of the initial pid namespace.
#[derive(Clone, Copy, Debug)]
pub enum Said {
    /// `parent` is `real_parent` at the end of `copy_process`.
    Fork {
        parent: u32,
        pid: u32,
        tgid: u32,
    },
    Exec {
        tgid: u32,
    },
    /// `status` has the form of wait(2). `parent` is 0 if the task was already reaped when
    /// the message was made.
    Exit {
        pid: u32,
        tgid: u32,
        status: i32,
        parent: u32,
    },
}

/// Collects messages until they are requested.
pub struct Connector {
    last: Arc<AtomicU32>,
    reader: JoinHandle<Result<Vec<Message>, Missed>>,
}

/// Error returned when messages were missed, with the reason.
#[derive(Debug)]
pub struct Missed {
    pub why: String,
}

impl Connector {
    pub fn listen() -> Connector {
        let socket = subscribe().unwrap_or_else(|error| {
            panic!("no proc connector (CONFIG_PROC_EVENTS, CAP_NET_ADMIN): {error}")
        });
        let last = Arc::new(AtomicU32::new(0));
        let mut ears = Ears {
            socket,
            last: last.clone(),
            monotonic_to_boot: boot_offset(),
            heard: Vec::new(),
            numbers: BTreeMap::new(),
        };
        // The answer to the subscription: all later messages arrive.
        while ears.hear().unwrap() != EVENT_NONE {}
        let reader = std::thread::spawn(move || {
            while !ears.heard_the_last() {
                ears.hear()?;
            }
            Ok(ears.heard)
        });
        Connector { last, reader }
    }

    /// Returns all messages up to now. The exit of a process started for this purpose is
    /// the last message.
    pub fn heard(self) -> Result<Vec<Message>, Missed> {
        let mut last = Command::new("sleep").arg("1000").spawn().unwrap();
        self.last.store(last.id(), Ordering::Release);
        last.kill().unwrap();
        last.wait().unwrap();
        self.reader.join().unwrap()
    }
}

struct Ears {
    socket: OwnedFd,
    /// PID of the process whose exit is the last message; 0 if none yet.
    last: Arc<AtomicU32>,
    monotonic_to_boot: u64,
    heard: Vec<Message>,
    /// Latest message number of each CPU (`cn_proc_event_id`).
    numbers: BTreeMap<u32, u32>,
}

impl Ears {
    fn heard_the_last(&self) -> bool {
        let last = self.last.load(Ordering::Acquire);
        matches!(self.heard.last(), Some(Message { said: Said::Exit { pid, .. }, .. }) if *pid == last)
    }

    /// Waits for a message and returns its kind.
    fn hear(&mut self) -> Result<u32, Missed> {
        let mut bytes = [0_u8; 256];
        // SAFETY: the kernel writes at most as many bytes as the buffer has.
        let length = unsafe {
            libc::recv(
                self.socket.as_raw_fd(),
                bytes.as_mut_ptr().cast(),
                bytes.len(),
                0,
            )
        };
        if length <= 0 {
            // ENOBUFS: the buffer had no room for messages.
            let why = io::Error::last_os_error().to_string();
            return Err(Missed { why });
        }
        self.take(&bytes[..length as usize])
    }

    fn take(&mut self, bytes: &[u8]) -> Result<u32, Missed> {
        let u32_at = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap());
        let number = u32_at(NLMSG_HEADER + 8);
        let event = NLMSG_HEADER + CN_MSG;
        let (what, cpu) = (u32_at(event), u32_at(event + 4));
        if what == EVENT_NONE {
            return Ok(what);
        }
        let before = self.numbers.insert(cpu, number);
        if let Some(before) = before.filter(|before| before.wrapping_add(1) != number) {
            let why = format!("number {number} after {before} of CPU {cpu}");
            return Err(Missed { why });
        }
        let monotonic = u64::from_ne_bytes(bytes[event + 8..event + 16].try_into().unwrap());
        let field = |index: usize| u32_at(event + 16 + 4 * index);
        let said = match what {
            EVENT_FORK => Said::Fork {
                parent: field(1),
                pid: field(2),
                tgid: field(3),
            },
            EVENT_EXEC => Said::Exec { tgid: field(1) },
            EVENT_EXIT => Said::Exit {
                pid: field(0),
                tgid: field(1),
                status: field(2).cast_signed(),
                parent: field(5),
            },
            // Messages on names, credentials, sessions, tracers, core dumps.
            _ => return Ok(what),
        };
        let at = monotonic + self.monotonic_to_boot;
        self.heard.push(Message { at, said });
        Ok(what)
    }
}

fn checked(result: libc::c_int) -> io::Result<libc::c_int> {
    match result {
        -1 => Err(io::Error::last_os_error()),
        result => Ok(result),
    }
}

fn set<T>(socket: &OwnedFd, option: libc::c_int, value: &T) -> io::Result<libc::c_int> {
    // SAFETY: the value is of that size.
    checked(unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            option,
            std::ptr::from_ref(value).cast(),
            size_of::<T>() as libc::socklen_t,
        )
    })
}

fn subscribe() -> io::Result<OwnedFd> {
    // SAFETY: the new descriptor has no other owner.
    let socket = unsafe {
        OwnedFd::from_raw_fd(checked(libc::socket(
            libc::AF_NETLINK,
            libc::SOCK_DGRAM | libc::SOCK_CLOEXEC,
            libc::NETLINK_CONNECTOR,
        ))?)
    };
    set(&socket, libc::SO_RCVBUFFORCE, &BUFFER)?;
    let patience = libc::timeval {
        tv_sec: 60,
        tv_usec: 0,
    };
    set(&socket, libc::SO_RCVTIMEO, &patience)?;
    // SAFETY: all zeroes is a valid address, which is local.
    let mut address: libc::sockaddr_nl = unsafe { std::mem::zeroed() };
    address.nl_family = libc::AF_NETLINK as libc::sa_family_t;
    address.nl_groups = CN_IDX_PROC;
    // SAFETY: the address is of that size.
    checked(unsafe {
        libc::bind(
            socket.as_raw_fd(),
            (&raw const address).cast(),
            size_of_val(&address) as libc::socklen_t,
        )
    })?;
    let length = (NLMSG_HEADER + CN_MSG + 4) as u32;
    let words = [
        length,
        libc::NLMSG_DONE as u32,
        0,
        std::process::id(),
        CN_IDX_PROC,
        CN_VAL_PROC,
        0,
        0,
        // The data's length, and no flags.
        4,
        PROC_CN_MCAST_LISTEN,
    ];
    // SAFETY: the bytes are local.
    let sent = unsafe {
        libc::send(
            socket.as_raw_fd(),
            words.as_ptr().cast(),
            length as usize,
            0,
        )
    };
    checked(sent as libc::c_int)?;
    Ok(socket)
}

/// Returns CLOCK_BOOTTIME minus CLOCK_MONOTONIC, the clock of the messages, ns.
fn boot_offset() -> u64 {
    let now = |clock| {
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: the pointer is to a local variable.
        unsafe { libc::clock_gettime(clock, &raw mut time) };
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    };
    // One clock is read between two readings of the other.
    let offsets = (0..10).map(|_| {
        let (before, monotonic, after) = (
            now(libc::CLOCK_BOOTTIME),
            now(libc::CLOCK_MONOTONIC),
            now(libc::CLOCK_BOOTTIME),
        );
        (after - before, before.saturating_sub(monotonic))
    });
    offsets.min().unwrap().1
}

/// A process as seen by the witness.
#[derive(Clone, Debug)]
pub struct Life {
    pub pid: u32,
    pub parent: u32,
    /// ns since boot.
    pub forked: u64,
    /// Number of threads, the leader included.
    pub threads: u32,
    pub execs: u32,
    /// Exits of the threads that have exited.
    pub end: Option<End>,
}

impl Life {
    /// Returns how it ended, if it did before that time.
    pub fn ended(&self, before: u64) -> Option<(End, Leader)> {
        let end = self.end.filter(|end| end.at < before)?;
        Some((end, end.leader?))
    }
}

/// The exits of its threads combined.
#[derive(Clone, Copy, Debug)]
pub struct End {
    /// Status of the last thread.
    pub at: u64,
    pub last_status: i32,
    /// Exit of the leader; the latest one if an exec by another thread ended an earlier one.
    pub leader: Option<Leader>,
}

#[derive(Clone, Copy, Debug)]
pub struct Leader {
    pub status: i32,
    pub parent: u32,
}

/// Returns the processes that started while it listened, in order of their start.
pub fn lives(messages: &[Message]) -> Vec<Life> {
    let mut lives: Vec<Life> = Vec::new();
    let mut latest: BTreeMap<u32, usize> = BTreeMap::new();
    for &Message { at, said } in messages {
        let of = |tgid: u32| latest.get(&tgid).copied();
        match said {
            Said::Fork { parent, pid, tgid } if pid == tgid => {
                latest.insert(tgid, lives.len());
                lives.push(Life {
                    pid,
                    parent,
                    forked: at,
                    threads: 1,
                    execs: 0,
                    end: None,
                });
            }
            Said::Fork { tgid, .. } => {
                if let Some(life) = of(tgid) {
                    lives[life].threads += 1;
                }
            }
            Said::Exec { tgid } => {
                if let Some(life) = of(tgid) {
                    lives[life].execs += 1;
                }
            }
            Said::Exit {
                pid,
                tgid,
                status,
                parent,
            } => {
                if let Some(life) = of(tgid) {
                    let leader = (pid == tgid).then_some(Leader { status, parent });
                    let before = lives[life].end.and_then(|end| end.leader);
                    lives[life].end = Some(End {
                        at,
                        last_status: status,
                        leader: leader.or(before),
                    });
                }
            }
        }
    }
    lives
}
