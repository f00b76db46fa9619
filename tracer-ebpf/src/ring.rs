//! The way to user space: one ring buffer for all records, so that their order
//! is the kernel's own, and a count of what found no room.

use aya_ebpf::{
    bindings::{BPF_RB_AVAIL_DATA, BPF_RB_FORCE_WAKEUP, BPF_RB_NO_WAKEUP, BPF_RB_PROD_POS},
    helpers::{bpf_get_smp_processor_id, bpf_ktime_get_boot_ns},
    macros::map,
    maps::{Array, PerCpuArray, RingBuf},
};
use tracer_common::{
    maps::LostCounts,
    wire::{Header, Kind, Record, Who},
};

use crate::{atomic, fields::get};

/// Its size is the loader's choice (`--buffer`).
#[map]
pub static EVENTS: RingBuf = RingBuf::with_byte_size(1 << 20, 0);

#[map]
static LOST: PerCpuArray<LostCounts> = PerCpuArray::with_max_entries(1, 0);

/// While records come, user space reads on a timer; it is woken before that only
/// when this much waits for it, since a wake-up costs more than a record.
#[unsafe(no_mangle)]
static WAKE_AT: u64 = 0;

/// How many bytes had ever been sent when it was last woken for that: once for each
/// so many, not by each record until it comes.
#[map]
static WOKEN: Array<u64> = Array::with_max_entries(1, 0);

/// Not zero: nothing came of late and user space sleeps, so that the next record
/// has to wake it.
#[map]
static ASLEEP: Array<u32> = Array::with_max_entries(1, 0);

/// The header of a record that happens now.
#[inline(always)]
pub fn header<R: Record>(who: Who) -> Header {
    // SAFETY: a helper without preconditions.
    header_at::<R>(who, unsafe { bpf_ktime_get_boot_ns() })
}

/// The header of a record of that moment.
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

/// Sends a record that `fill` writes in place; counts it when there is no room.
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

/// As [`send`], for a record too large to be put together on the stack: `fill`
/// writes every field where it belongs.
#[inline(always)]
pub fn send_in_place<R: Record + 'static>(fill: impl FnOnce(&mut R)) {
    match EVENTS.reserve::<R>(0) {
        Some(mut entry) => {
            // SAFETY: a record is plain bytes, and nobody reads it before it
            // is submitted, whole.
            let record = unsafe { &mut *entry.as_mut_ptr() };
            fill(record);
            let flag = wake_flag(record);
            entry.submit(flag);
        }
        None => lost(R::KIND as usize, 1),
    }
}

/// Whether submitting should wake the reader. One that goes to sleep between this
/// and the submission is not woken by it: the reader looks once more 50 ms later,
/// so that only a program that is interrupted for longer is seen by the next
/// record or by the look that there is once a second.
#[inline(always)]
pub fn wake_flag<R: Record>(record: &R) -> u64 {
    let flag = if wakes_sleeper() || (is_sample(record) && wakes_for_much()) {
        BPF_RB_FORCE_WAKEUP
    } else {
        BPF_RB_NO_WAKEUP
    };
    u64::from(flag)
}

/// Whether the reader sleeps; it is taken for awake from then on. Two processors
/// may both wake it, which does no harm.
#[inline(always)]
fn wakes_sleeper() -> bool {
    let Some(asleep) = ASLEEP.get_ptr_mut(0) else {
        return false;
    };
    // SAFETY: the map's value, which is written whole.
    unsafe {
        let sleeps = asleep.read_volatile() != 0;
        if sleeps {
            asleep.write_volatile(0);
        }
        sleeps
    }
}

/// Whether this record is one of the few that look how much waits. To look costs
/// some 20 ns on a busy machine, and 512 KiB hold thousands of records. By the lower
/// bits of its time, which need no count kept anywhere; where the clock never shows
/// them the reader's own timer is left.
#[inline(always)]
fn is_sample<R: Record>(record: &R) -> bool {
    // SAFETY: every record begins with its header, and is aligned as that is.
    let head = unsafe { &*(&raw const *record).cast::<Header>() };
    head.at & (LOOK_EVERY - 1) == 0
}

/// A power of two.
const LOOK_EVERY: u64 = 16;

/// Whether much waits that it was not woken for yet. Two processors may both wake it.
#[inline(always)]
fn wakes_for_much() -> bool {
    let much = get(&WAKE_AT);
    if EVENTS.query(BPF_RB_AVAIL_DATA.into()) < much {
        return false;
    }
    let sent = EVENTS.query(BPF_RB_PROD_POS.into());
    let Some(woken) = WOKEN.get_ptr_mut(0) else {
        return false;
    };
    // SAFETY: the map's value, which is written whole.
    unsafe {
        let wakes = sent.wrapping_sub(woken.read_volatile()) >= much;
        if wakes {
            woken.write_volatile(sent);
        }
        wakes
    }
}

/// Counts `n` of that loss slot as lost.
#[inline(always)]
pub fn lost(slot: usize, n: u64) {
    if let Some(counts) = LOST.get_ptr_mut(0) {
        // SAFETY: the map's value for this CPU; the slot is a constant below
        // LOST_SLOTS. Another probe may interrupt this one.
        unsafe { atomic::add(&raw mut (*counts)[slot], n) }
    }
}

const _: () = assert!(Kind::ALL.len() < tracer_common::maps::LOST_SLOTS);
