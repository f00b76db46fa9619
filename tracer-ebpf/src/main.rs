//! tracer's eBPF programs: one file per lifecycle moment in [`probe`]. Each reads
//! kernel data of that moment ([`task`], [`kernel`]) and sends one record
//! ([`ring_buffer`]).
//!
//! It must not interpret what happens: that is the model's job.
#![no_std]
#![no_main]
#![feature(asm_experimental_arch)]

mod atomic;
mod budget;
mod faults;
mod fields;
mod hook;
mod kernel;
mod notes;
mod probe;
mod ring_buffer;
mod scratch;
mod states;
mod task;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    // Never reached: the verifier rejects programs that could get here.
    loop {}
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";
