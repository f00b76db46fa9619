//! The interface between the kernel side (`tracer-ebpf`) and the user side
//! (`tracer`): the records of the ring buffer ([`wire`]), the kernel fields they
//! are read from ([`fields`]) and the values of the shared maps ([`maps`],
//! [`states`]).
//!
//! It must not know how either side uses them.
#![no_std]

pub mod fields;
pub mod maps;
pub mod states;
pub mod wire;
