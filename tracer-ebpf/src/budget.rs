//! Budgets of users: how many records of a kind that a process can cause at will, and
//! how many bytes of arguments, are sent for each user. Lives are always sent: fork,
//! exec, exit, reap, free, and the signals that end a process.
//!
//! A budget is a rate and a burst. Its state is one number per user: the time up to
//! which all that was sent is paid for. What is sent moves it on by its price; nothing
//! more is sent while it is more than the burst ahead of the clock.

use aya_ebpf::{
    helpers::bpf_ktime_get_boot_ns,
    macros::map,
    maps::{Array, LruHashMap},
};
use tracer_common::wire::Kind;

use crate::{atomic, fields::get};

/// Time up to which a user's records or bytes are paid for, ns since boot. The key is
/// the user ID, and above it the kind.
#[map]
static PAID: LruHashMap<u64, u64> = LruHashMap::with_max_entries(8192, 0);

/// The same for the arguments of all users together. Otherwise a user with many user
/// IDs (subuid(5)) would have as many budgets.
#[map]
static PAID_BY_ALL: Array<u64> = Array::with_max_entries(1, 0);

/// Price of a record, ns: 4,096 a second.
const RECORD: u64 = 1_000_000_000 / 4096;
/// Burst of records, ns: 16,384 of them.
const RECORD_BURST: u64 = 4_000_000_000;
/// Price of a wait that returned a child, ns: 65,536 a second.
const WAIT: u64 = 1_000_000_000 / 65_536;

/// Price of a byte of arguments for one user, ns; 0: unlimited.
#[unsafe(no_mangle)]
static ARGV_PRICE: u64 = 0;
/// Burst of arguments, ns.
#[unsafe(no_mangle)]
static ARGV_BURST: u64 = 0;
/// Number of users whose arguments may be sent in full at a time.
const ARGV_USERS: u64 = 4;

/// Returns true if a record of that kind may be sent for a user, and charges it.
#[inline(always)]
pub fn pays_for_record(user: u32, kind: Kind) -> bool {
    let price = if kind as u32 == Kind::Wait as u32 {
        WAIT
    } else {
        RECORD
    };
    pays(user, kind, price, RECORD_BURST)
}

/// Returns true if so many bytes of arguments may be sent for a user, and charges them.
#[inline(always)]
pub fn pays_for_arguments(user: u32, bytes: u64) -> bool {
    let (price, burst) = (get(&ARGV_PRICE), get(&ARGV_BURST));
    if price == 0 {
        return true;
    }
    let Some(by_all) = PAID_BY_ALL.get_ptr_mut(0) else {
        return true;
    };
    // First the user: what is refused to one must not be charged to all.
    // SAFETY: the map's value.
    pays(user, Kind::Exec, bytes * price, burst)
        && unsafe { advance(by_all, now(), bytes * price / ARGV_USERS, burst) }
}

#[inline(always)]
fn pays(user: u32, kind: Kind, price: u64, burst: u64) -> bool {
    let key = u64::from(kind as u32) << 32 | u64::from(user);
    let now = now();
    match PAID.get_ptr_mut(&key) {
        // SAFETY: the map's value, which stays valid for the program's run.
        Some(paid) => unsafe { advance(paid, now, price, burst) },
        None => {
            let _ = PAID.insert(&key, &(now + price), 0);
            true
        }
    }
}

/// Moves the paid time on by the price, unless it would be more than the burst ahead of
/// the clock. Two CPUs that find it in the past at the same time pay once.
///
/// # Safety
/// `paid` is part of a map's value.
#[inline(always)]
unsafe fn advance(paid: *mut u64, now: u64, price: u64, burst: u64) -> bool {
    // SAFETY: guaranteed by the caller; each access is one instruction.
    unsafe {
        let until = paid.read_volatile();
        if until < now {
            paid.write_volatile(now + price);
            return true;
        }
        if until - now + price > burst {
            return false;
        }
        atomic::add(paid, price);
    }
    true
}

#[inline(always)]
fn now() -> u64 {
    // SAFETY: a helper without preconditions.
    unsafe { bpf_ktime_get_boot_ns() }
}
