//! Reading kernel memory, in the two ways that exist.
//!
//! [`Trusted`] pointers come from BTF-typed arguments: the verifier knows the
//! type and lets a program load through them, which costs one instruction.
//! [`Probed`] pointers come from anywhere else and are read by a helper.

use core::marker::PhantomData;

use aya_ebpf::helpers::generated::bpf_probe_read_kernel;

use crate::fields::{get, offset};

/// How a pointer is read.
pub trait Access {
    /// # Safety
    /// `pointer` must be one this way of reading is meant for.
    unsafe fn read<T: Copy + Zero>(pointer: *const T) -> T;

    /// Sixteen bytes of an array of characters.
    ///
    /// # Safety
    /// As for [`Access::read`].
    unsafe fn read_name(pointer: *const u8) -> [u8; 16];
}

#[derive(Clone, Copy)]
pub struct Trusted;

#[derive(Clone, Copy)]
pub struct Probed;

/// The value of what could not be read, as the kernel's own exception
/// handling gives it for trusted pointers.
pub trait Zero {
    const ZERO: Self;
}

macro_rules! zero {
    ($($type:ty),*) => { $(impl Zero for $type { const ZERO: Self = 0; })* };
}
zero!(u8, u32, i32, u64);
impl Zero for *const u8 {
    const ZERO: Self = core::ptr::null();
}

impl Access for Trusted {
    #[inline(always)]
    unsafe fn read<T: Copy + Zero>(pointer: *const T) -> T {
        // SAFETY: the verifier has checked type and offset; a fault (a stale
        // or null pointer) reads as zero (kernel/bpf/verifier.c, PROBE_MEM).
        unsafe { core::ptr::read_volatile(pointer) }
    }

    #[inline(always)]
    unsafe fn read_name(pointer: *const u8) -> [u8; 16] {
        let halves: *const u64 = pointer.cast();
        // SAFETY: as in `read`; the verifier takes any size within the array,
        // and the processor any alignment.
        let halves = unsafe {
            [
                core::ptr::read_volatile(halves),
                core::ptr::read_volatile(halves.add(1)),
            ]
        };
        // SAFETY: plain bytes either way.
        unsafe { core::mem::transmute(halves) }
    }
}

impl Access for Probed {
    #[inline(always)]
    unsafe fn read<T: Copy + Zero>(pointer: *const T) -> T {
        let mut value = T::ZERO;
        // SAFETY: the helper checks the address itself, and writes zeroes where
        // it cannot read. So its answer need not be looked at: each look would
        // double the paths that the verifier must follow.
        unsafe {
            bpf_probe_read_kernel(
                (&raw mut value).cast(),
                size_of::<T>() as u32,
                pointer.cast(),
            );
        }
        value
    }

    #[inline(always)]
    unsafe fn read_name(pointer: *const u8) -> [u8; 16] {
        let mut name = [0; 16];
        // SAFETY: as in `read`.
        unsafe {
            bpf_probe_read_kernel(
                name.as_mut_ptr().cast(),
                size_of_val(&name) as u32,
                pointer.cast(),
            );
        }
        name
    }
}

/// A pointer to a kernel struct.
pub struct Struct<A> {
    pointer: *const u8,
    access: PhantomData<A>,
}

impl<A> Clone for Struct<A> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<A> Copy for Struct<A> {}

impl<A: Access> Struct<A> {
    /// # Safety
    /// `pointer` must be readable by `A`.
    #[inline(always)]
    pub unsafe fn new(pointer: *const u8) -> Self {
        Self {
            pointer,
            access: PhantomData,
        }
    }

    /// The address, for comparisons.
    #[inline(always)]
    pub fn address(self) -> u64 {
        self.pointer as u64
    }

    /// The address of a field.
    #[inline(always)]
    pub fn at(self, field: &'static u64) -> *const u8 {
        self.pointer.wrapping_add(offset(get(field)))
    }

    /// The value of a field.
    #[inline(always)]
    pub fn read<T: Copy + Zero>(self, field: &'static u64) -> T {
        // SAFETY: `new` was promised a pointer that `A` reads.
        unsafe { A::read(self.at(field).cast()) }
    }

    /// The struct that a pointer field points to.
    #[inline(always)]
    pub fn follow(self, field: &'static u64) -> Self {
        // SAFETY: as in `read`; a pointer read by `A` is one that `A` reads.
        unsafe { Self::new(A::read(self.at(field).cast::<*const u8>())) }
    }

    /// The same struct, read by the helper from here on: what it points to is
    /// a number to the verifier.
    #[inline(always)]
    pub fn probed(self) -> Struct<Probed> {
        Struct {
            pointer: self.pointer,
            access: PhantomData,
        }
    }
}
