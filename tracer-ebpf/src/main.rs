//! tracer's programs in the kernel: one file per lifecycle moment in
//! [`probe`], each of which reads what the kernel knows at that moment
//! ([`task`], [`kernel`]) and sends one record ([`ring`]).
//!
//! No policy lives here: what a moment means is the model's business.
#![no_std]
#![no_main]
#![feature(asm_experimental_arch)]

mod atomic;
mod faults;
mod fields;
mod hook;
mod kernel;
mod notes;
mod probe;
mod ring;
mod states;
mod task;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    // Never reached: the verifier refuses a program that could get here.
    loop {}
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";
