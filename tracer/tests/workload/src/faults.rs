//! Scenarios of page faults. Each pattern runs twice, each time in a new child, with and
//! without its accesses: the difference is what they caused.

use std::{fs, os::fd::AsRawFd as _, ptr};

use libc::pid_t;
use serde_json::{Value, json};

use crate::{
    facts::{reaped, reaped_with_children, say, with},
    system::{Pipe, Waited, execute, exit, fork, now, pause_forever, pid, until_zombie, wait},
};

const PAGE: usize = 4096;
const HUGE: usize = 2 << 20;
/// Number of pages: more than a CPU holds back of new ones (PAGEVEC_SIZE,
/// include/linux/pagevec.h).
const LRU_BATCH: usize = 64;

pub fn faults(n: usize) {
    let inherited = Pages::fresh(n);
    inherited.write(0..n);
    let writes = |written| inherited.write(0..written);
    measure("inherited", n, json!({"cow_copy": n}), writes);

    let reuses = json!({"cow_reuse": n});
    measure_as(reaped_with_children, "taken_over", n, reuses, |written| {
        // The kernel's lists may still hold the latest pages, and older kernels copy those
        // (page_count in do_wp_page).
        let pages = Pages::fresh(n + LRU_BATCH);
        pages.write(0..n + LRU_BATCH);
        wait(fork(|| exit(0)));
        pages.write(0..written);
    });
    measure("zero_page", n, json!({"zero_page": n}), |read| {
        Pages::fresh(n).read(0..read);
    });
    measure(
        "zero_page_written",
        n,
        json!({"zero_write": n}),
        |written| {
            let pages = Pages::fresh(n);
            pages.read(0..n);
            pages.write(0..written);
        },
    );
    measure("fresh", n, json!({"zero_fill": n}), |written| {
        Pages::fresh(n).write(0..written);
    });
    measure("private_file", n, json!({"file_copy": n}), |written| {
        Pages::of_file(n).write(0..written);
    });
    let expected = json!({"file_copy_after_read": n});
    measure("private_file_read", n, expected, |written| {
        let pages = Pages::of_file(n);
        pages.read(0..n);
        pages.write(0..written);
    });
    let shared = Pages::map(n * PAGE, libc::MAP_SHARED | libc::MAP_ANONYMOUS, -1);
    shared.write(0..n);
    measure("shared", n, json!({"file": n, "cow_copy": 0}), |written| {
        shared.write(0..written);
    });

    // In a grandchild, and in a child of a process with threads.
    between("grandchild", || {
        measure("grandchild", n, json!({"cow_copy": n}), writes);
    });
    between("threaded", || {
        let runs = Pipe::new();
        std::thread::spawn(move || {
            runs.send(1);
            pause_forever()
        });
        runs.receive();
        measure("threaded", n, json!({"cow_copy": n}), writes);
    });

    const HUGE_PAGES: usize = 8;
    with_huge_pages(HUGE_PAGES, |huge| {
        let write = |count: usize| {
            (0..count).for_each(|page| {
                let first = page * (HUGE / PAGE);
                huge.write(first..first + 1);
            });
        };
        write(HUGE_PAGES);
        measure("hugetlb", HUGE_PAGES, json!({"huge": HUGE_PAGES}), write);
    });

    if let Some(huge) = Pages::huge() {
        huge.write(0..huge.count());
        // fork splits no huge page. The first write to each splits it and copies one small
        // page, as later writes do.
        measure("transparent_huge", n, json!({"cow_copy": n}), |written| {
            for index in 0..written {
                let first = index % 2 * (HUGE / PAGE);
                huge.write(first + index / 2..first + index / 2 + 1);
            }
        });
    }
}

/// Forks children. Parent and child then write a known number of pages each.
pub fn fork_costs(n: usize) {
    let (half, quarter) = (n / 2, n / 4);
    let pages = Pages::fresh(n);
    pages.write(0..n);
    let cost = |child, parent_copies: usize, child_copies: usize, ambiguous: bool| {
        let costs = json!({
            "parent_copies": parent_copies, "child_copies": child_copies, "ambiguous": ambiguous,
        });
        say(&with(reaped("fork_costs", child, &wait(child)), costs));
    };
    // The child waits for a signal and writes other pages than the parent.
    let sharing = || {
        let go = Pipe::new();
        let child = fork(|| {
            go.receive();
            pages.write(half..half + quarter);
            exit(0)
        });
        (child, go)
    };

    let (child, go) = sharing();
    pages.write(0..half);
    go.send(1);
    cost(child, half, quarter, false);

    // A child that execs no longer shares pages.
    let child = fork(|| execute("/bin/true", &[b"true"]));
    until_zombie(child);
    pages.write(0..n);
    cost(child, 0, 0, false);

    let (first, go_first) = sharing();
    let (second, go_second) = sharing();
    pages.write(0..half);
    go_first.send(1);
    go_second.send(1);
    cost(first, 0, quarter, false);
    cost(second, half, quarter, true);
}

/// Forks children for `ms` that copy pages and then execute a program, in two processes at
/// once.
pub fn copies_before_execs(ms: usize) {
    const PAGES: usize = 300;
    let until = now() + ms as u64 * 1_000_000;
    let loops = [(); 2].map(|()| {
        fork(|| {
            let pages = Pages::fresh(PAGES);
            pages.write(0..PAGES);
            while now() < until {
                wait(fork(|| {
                    pages.write(0..PAGES);
                    execute("/bin/true", &[b"true"])
                }));
            }
            exit(0)
        })
    });
    for pid in loops {
        say(&reaped_with_children(
            "copies_before_execs",
            pid,
            &wait(pid),
        ));
    }
}

/// Runs something with pages in hugetlbfs, if the machine has them.
fn with_huge_pages(count: usize, run: impl FnOnce(Pages)) {
    const SETTING: &str = "/proc/sys/vm/nr_hugepages";
    let before = fs::read_to_string(SETTING).unwrap_or_default();
    // For the parent and the copies; the kernel reserves some for others.
    let _ = fs::write(SETTING, (2 * count + 4).to_string());
    let got = fs::read_to_string(SETTING).unwrap_or_default();
    if got.trim().parse().is_ok_and(|got: usize| got >= 2 * count) {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_HUGETLB;
        run(Pages::map(count * HUGE, flags, -1));
    }
    let _ = fs::write(SETTING, before.trim());
}

/// Runs something in an intermediate child.
fn between(scenario: &str, run: impl FnOnce()) {
    let child = fork(|| {
        run();
        exit(0)
    });
    say(&reaped_with_children(scenario, child, &wait(child)));
}

/// Runs a pattern without and with `n` accesses, each time in a child.
fn measure(pattern: &str, n: usize, expected: Value, run: impl Fn(usize)) {
    measure_as(reaped, pattern, n, expected, run);
}

fn measure_as(
    reaped: fn(&str, pid_t, &Waited) -> Value,
    pattern: &str,
    n: usize,
    expected: Value,
    run: impl Fn(usize),
) {
    for accesses in [0, n] {
        let before = now();
        let child = fork(|| {
            run(accesses);
            exit(0)
        });
        let fork_ns = now() - before;
        let fact = reaped("faults", child, &wait(child));
        let more = json!({
            "pattern": pattern, "accesses": accesses, "expected": expected, "fork_ns": fork_ns,
        });
        say(&with(fact, more));
    }
}

/// A mapping; never unmapped.
struct Pages {
    at: *mut u8,
    length: usize,
}

impl Pages {
    fn map(length: usize, flags: i32, file: i32) -> Pages {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a fresh mapping.
        let at = unsafe { libc::mmap(ptr::null_mut(), length, protection, flags, file, 0) };
        assert_ne!(at, libc::MAP_FAILED);
        Pages {
            at: at.cast(),
            length,
        }
    }

    /// Maps anonymous memory in small pages.
    fn fresh(n: usize) -> Pages {
        let pages = Pages::map(n * PAGE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1);
        pages.advise(libc::MADV_NOHUGEPAGE);
        pages
    }

    /// Maps a cached file privately.
    fn of_file(n: usize) -> Pages {
        let path = std::env::temp_dir().join(format!("workload-faults-{}", pid()));
        fs::write(&path, vec![b'x'; n * PAGE]).unwrap();
        let file = fs::File::open(&path).unwrap();
        let pages = Pages::map(n * PAGE, libc::MAP_PRIVATE, file.as_raw_fd());
        fs::remove_file(&path).unwrap();
        pages
    }

    /// Maps two huge pages, if the kernel has them.
    fn huge() -> Option<Pages> {
        let mut pages = Pages::map(3 * HUGE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1);
        // SAFETY: at most one huge page further, of three.
        pages.at = unsafe { pages.at.add(pages.at.align_offset(HUGE)) };
        pages.length = 2 * HUGE;
        let setting = fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled").ok()?;
        (!setting.contains("[never]") && pages.advise(libc::MADV_HUGEPAGE)).then_some(pages)
    }

    fn advise(&self, advice: i32) -> bool {
        // SAFETY: a mapping of this process.
        unsafe { libc::madvise(self.at.cast(), self.length, advice) == 0 }
    }

    fn count(&self) -> usize {
        self.length / PAGE
    }

    fn write(&self, range: std::ops::Range<usize>) {
        for index in range {
            // SAFETY: inside the mapping.
            unsafe { self.at.add(index * PAGE).write_volatile(1) }
        }
    }

    fn read(&self, range: std::ops::Range<usize>) {
        for index in range {
            // SAFETY: inside the mapping.
            let _ = unsafe { self.at.add(index * PAGE).read_volatile() };
        }
    }
}
