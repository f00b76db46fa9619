//! One file per lifecycle moment, named as its record and its event are.

mod comm;
mod exec;
mod exit;
mod fault;
mod fork;
mod free;
mod notify;
mod oom;
mod reap;
mod signal;
mod switch;
mod task;
mod wait;
mod wakeup_new;
