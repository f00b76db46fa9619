//! What the kernel side (`tracer-ebpf`) and the user side (`tracer`) agree on,
//! written once: the records of the ring buffer ([`wire`]), the kernel fields
//! they are read from ([`fields`]) and the values of the few shared maps
//! ([`maps`], [`states`]).
//!
//! It must not know what either side does with them.
#![no_std]

pub mod fields;
pub mod maps;
pub mod states;
pub mod wire;
