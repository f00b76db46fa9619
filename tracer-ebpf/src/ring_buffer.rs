//! The ring buffer and the counts of lost records. All records share one buffer, so
//! that they keep the kernel's order.

use aya_ebpf::{
    bindings::{BPF_RB_AVAIL_DATA, BPF_RB_FORCE_WAKEUP, BPF_RB_NO_WAKEUP, BPF_RB_PROD_POS},
    helpers::{bpf_get_smp_processor_id, bpf_ktime_get_boot_ns},
    macros::map,
    maps::{Array, PerCpuArray, RingBuf},
};
use tracer_common::{
    maps::{LostCounts, WAKE_FRACTION},
    wire::{Header, Record, Who},
};

use crate::{atomic, budget, fields::get};

/// The ring buffer. The loader sets its size (`--buffer`).
#[map]
pub static EVENTS: RingBuf = RingBuf::with_byte_size(1 << 20, 0);

#[map]
static LOST: PerCpuArray<LostCounts> = PerCpuArray::with_max_entries(1, 0);

/// Records that were not sent because they are beyond a user's budget, by kind.
#[map]
static OVER_BUDGET: PerCpuArray<LostCounts> = PerCpuArray::with_max_entries(1, 0);

/// Bytes of unread records at which user space is woken before its timer: the buffer's
/// size by [`WAKE_FRACTION`]. A wake-up costs more than a record.
#[unsafe(no_mangle)]
static WAKE_AT: u64 = 0;

/// Producer position, in bytes, at the last wake-up for unread records. It limits
/// wake-ups to one per [`WAKE_AT`] bytes.
#[map]
static WOKEN: Array<u64> = Array::with_max_entries(1, 0);

/// Not zero while user space sleeps without a timer: the next record must wake it.
#[map]
static ASLEEP: Array<u32> = Array::with_max_entries(1, 0);

/// Returns the header of a record, with the current time.
#[inline(always)]
pub fn header<R: Record>(who: Who) -> Header {
    // SAFETY: a helper without preconditions.
    header_at::<R>(who, unsafe { bpf_ktime_get_boot_ns() })
}

/// Returns the header of a record, with the given time, ns since boot.
#[inline(always)]
pub fn header_at<R: Record>(who: Who, at: u64) -> Header {
    Header {
        kind: R::KIND as u32,
        // SAFETY: a helper without preconditions.
        cpu: unsafe { bpf_get_smp_processor_id() },
        at,
        who,
    }
}

/// Sends the record that `fill` returns, or counts it as lost if the buffer is full.
#[inline(always)]
pub fn send<R: Record + 'static>(fill: impl FnOnce() -> R) {
    match EVENTS.reserve::<R>(0) {
        Some(mut entry) => {
            let record = entry.write(fill());
            let flag = wake_flag(record);
            entry.submit(flag);
        }
        None => lost(R::KIND as usize, 1),
    }
}

/// Sends a record of a kind that a process can cause at will, within the budget of that
/// user. It leaves half of the buffer to records of lives.
#[inline(always)]
pub fn send_within_budget<R: Record + 'static>(user: u32, fill: impl FnOnce() -> R) {
    if may_send::<R>(user) {
        send(fill);
    }
}

/// Returns true if a record of a kind that a process can cause at will may be sent for
/// a user, or else counts it.
#[inline(always)]
pub fn may_send<R: Record>(user: u32) -> bool {
    is_within_budget::<R>(user) && leaves_room::<R>()
}

/// Returns true if a record is within the user's budget for its kind, or else counts it.
#[inline(always)]
pub fn is_within_budget<R: Record>(user: u32) -> bool {
    let pays = budget::pays_for_record(user, R::KIND);
    if !pays {
        count(&OVER_BUDGET, R::KIND as usize, 1);
    }
    pays
}

/// Returns true if at least half of the buffer is free, which is left to records of
/// lives, or else counts the record as lost.
#[inline(always)]
pub fn leaves_room<R: Record>() -> bool {
    let has_room = is_half_free();
    if !has_room {
        lost(R::KIND as usize, 1);
    }
    has_room
}

/// Returns true if at least half of the buffer is free.
#[inline(always)]
pub fn is_half_free() -> bool {
    EVENTS.query(BPF_RB_AVAIL_DATA.into()) < get(&WAKE_AT) * (WAKE_FRACTION / 2)
}

/// Sends a record that is too large for the stack. `fill` must write every member in
/// place.
#[inline(always)]
pub fn send_in_place<R: Record + 'static>(fill: impl FnOnce(&mut R)) {
    match EVENTS.reserve::<R>(0) {
        Some(mut entry) => {
            // SAFETY: a record is plain bytes, and is not read before it is
            // submitted as a whole.
            let record = unsafe { &mut *entry.as_mut_ptr() };
            fill(record);
            let flag = wake_flag(record);
            entry.submit(flag);
        }
        None => lost(R::KIND as usize, 1),
    }
}

/// Returns the flag for submission, which says if the reader is woken. A reader that
/// falls asleep between this call and the submission is not woken, but polls once
/// more 50 ms later. If the program is interrupted for longer than that, the record
/// waits for the next one, or for the poll once a second.
#[inline(always)]
pub fn wake_flag<R: Record>(record: &R) -> u64 {
    let flag = if wakes_sleeper() || (is_sample(record) && wakes_for_unread()) {
        BPF_RB_FORCE_WAKEUP
    } else {
        BPF_RB_NO_WAKEUP
    };
    u64::from(flag)
}

/// Returns true if the reader sleeps, and marks it as awake. Two CPUs may both wake
/// it, which is harmless.
#[inline(always)]
fn wakes_sleeper() -> bool {
    let Some(asleep) = ASLEEP.get_ptr_mut(0) else {
        return false;
    };
    // SAFETY: the map's value, which is written by one instruction.
    unsafe {
        let sleeps = asleep.read_volatile() != 0;
        if sleeps {
            asleep.write_volatile(0);
        }
        sleeps
    }
}

/// Returns true if this record checks the amount of unread data. A check costs some
/// 20 ns on a busy machine, and 512 KiB hold thousands of records. The record is
/// chosen by the lower bits of its time, so that no counter is needed. On a clock
/// too coarse for these bits, only the reader's timer remains.
#[inline(always)]
fn is_sample<R: Record>(record: &R) -> bool {
    // SAFETY: every record begins with its header and has its alignment.
    let head = unsafe { &*(&raw const *record).cast::<Header>() };
    head.at & (CHECK_EVERY - 1) == 0
}

/// Number of records per check of unread data. A power of two.
const CHECK_EVERY: u64 = 16;

/// Returns true if there is enough unread data for a wake-up since the last one. Two
/// CPUs may both wake the reader.
#[inline(always)]
fn wakes_for_unread() -> bool {
    let threshold = get(&WAKE_AT);
    if EVENTS.query(BPF_RB_AVAIL_DATA.into()) < threshold {
        return false;
    }
    let sent = EVENTS.query(BPF_RB_PROD_POS.into());
    let Some(woken) = WOKEN.get_ptr_mut(0) else {
        return false;
    };
    // SAFETY: the map's value, which is written by one instruction.
    unsafe {
        let wakes = sent.wrapping_sub(woken.read_volatile()) >= threshold;
        if wakes {
            woken.write_volatile(sent);
        }
        wakes
    }
}

/// Adds `n` to a loss counter ([`tracer_common::maps::LostCounts`]).
#[inline(always)]
pub fn lost(slot: usize, n: u64) {
    count(&LOST, slot, n);
}

#[inline(always)]
fn count(counters: &'static PerCpuArray<LostCounts>, slot: usize, n: u64) {
    if let Some(counts) = counters.get_ptr_mut(0) {
        // SAFETY: the map's value for this CPU; the slot is a constant below
        // LOST_SLOTS. The addition is atomic: another probe may interrupt this one.
        unsafe { atomic::add(&raw mut (*counts)[slot], n) }
    }
}
