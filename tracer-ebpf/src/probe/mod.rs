//! The probes: one file per lifecycle moment, named like its record and its event.
//! Each header gives the hook with its prototype and kernel source, the fallback, and
//! the records that are sent.

mod cgroup;
mod comm;
mod exec;
mod exit;
mod fault;
mod fork;
mod fork_failed;
mod fork_start;
mod free;
mod mm_fault;
mod notify;
mod oom;
mod page_alloc;
mod reap;
mod signal;
mod states;
mod switch;
mod task;
mod wait;
mod wait_call;
mod wakeup_new;
mod wp_page;
