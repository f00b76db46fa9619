//! The way to user space: one ring buffer for all records, so that their order
//! is the kernel's own, and a count of what found no room.

use aya_ebpf::{
    bindings::{BPF_RB_FORCE_WAKEUP, BPF_RB_NO_WAKEUP, BPF_RB_PROD_POS},
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

/// While records come, user space reads on a timer. It is woken before that each
/// time this many bytes were sent, so no more than that wait for it unnoticed: a
/// wake-up costs more than a record.
#[unsafe(no_mangle)]
static WAKE_AT: u64 = 0;

/// The record that ends here or behind, in bytes ever sent, wakes the reader. User
/// space writes 0 when nothing came of late and it sleeps. One word for both: the
/// reader's own position lies in a cache line that it writes on another CPU, and
/// each further line costs a record about 40 ns on a busy machine.
#[map]
static WAKE_FROM: Array<u64> = Array::with_max_entries(1, 0);

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
            entry.write(fill());
            entry.submit(wake_flag());
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
            fill(unsafe { &mut *entry.as_mut_ptr() });
            entry.submit(wake_flag());
        }
        None => lost(R::KIND as usize, 1),
    }
}

/// Whether submitting should wake the reader. One that goes to sleep between this
/// and the submission is not woken by it: the reader looks once more 50 ms later,
/// so that only a program that is interrupted for longer is seen by the next
/// record or by the look that there is once a second. Two processors may both wake
/// it, which does no harm.
#[inline(always)]
pub fn wake_flag() -> u64 {
    u64::from(if is_due() {
        BPF_RB_FORCE_WAKEUP
    } else {
        BPF_RB_NO_WAKEUP
    })
}

#[inline(always)]
fn is_due() -> bool {
    let Some(from) = WAKE_FROM.get_ptr_mut(0) else {
        return false;
    };
    let sent = EVENTS.query(BPF_RB_PROD_POS.into());
    // SAFETY: the map's value, which is written whole. Where that undoes the 0 of a
    // reader that goes to sleep, this record wakes it.
    unsafe {
        let is_due = sent >= from.read_volatile();
        if is_due {
            from.write_volatile(sent + get(&WAKE_AT));
        }
        is_due
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
