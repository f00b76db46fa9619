//! One file per lifecycle moment, named as its record and its event are.

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
