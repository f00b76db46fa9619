//! Access to kernel memory, by direct loads or by a helper.
//!
//! [`Trusted`] pointers come from BTF-typed arguments. The verifier knows their type
//! and allows direct loads, at one instruction each. [`Probed`] pointers come from
//! anywhere else and are read by a helper.

use core::marker::PhantomData;

use aya_ebpf::helpers::generated::bpf_probe_read_kernel;

use crate::fields::{get, offset};

/// Access method of a pointer.
pub trait Access {
    /// Reads a value.
    ///
    /// # Safety
    /// `pointer` must be readable by this method.
    unsafe fn read<T: Copy + Zero>(pointer: *const T) -> T;

    /// Reads sixteen bytes of a character array.
    ///
    /// # Safety
    /// As for [`Access::read`].
    unsafe fn read_name(pointer: *const u8) -> [u8; 16];
}

/// Direct loads, for pointers whose type the verifier knows.
#[derive(Clone, Copy)]
pub struct Trusted;

/// Reads by `bpf_probe_read_kernel`, for any address.
#[derive(Clone, Copy)]
pub struct Probed;

/// The result of a failed read: zero, which the kernel's exception handling also
/// returns for trusted pointers.
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
        // SAFETY: the verifier has checked type and offset. A fault (stale or null
        // pointer) reads as zero (kernel/bpf/verifier.c, PROBE_MEM).
        unsafe { core::ptr::read_volatile(pointer) }
    }

    #[inline(always)]
    unsafe fn read_name(pointer: *const u8) -> [u8; 16] {
        let halves: *const u64 = pointer.cast();
        // SAFETY: as in `read`. The verifier accepts any size within the array, and
        // the processor any alignment.
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
        // SAFETY: the helper checks the address and writes zeroes if it cannot read.
        // Its result is ignored: each check would double the paths that the verifier
        // follows.
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
    /// Creates a pointer.
    ///
    /// # Safety
    /// `pointer` must be readable by `A`.
    #[inline(always)]
    pub unsafe fn new(pointer: *const u8) -> Self {
        Self {
            pointer,
            access: PhantomData,
        }
    }

    /// Returns the address, for comparisons.
    #[inline(always)]
    pub fn address(self) -> u64 {
        self.pointer as u64
    }

    /// Returns the address of a field.
    #[inline(always)]
    pub fn at(self, field: &'static u64) -> *const u8 {
        self.pointer.wrapping_add(offset(get(field)))
    }

    /// Returns the value of a field.
    #[inline(always)]
    pub fn read<T: Copy + Zero>(self, field: &'static u64) -> T {
        // SAFETY: `new` requires a pointer that `A` can read.
        unsafe { A::read(self.at(field).cast()) }
    }

    /// Returns the struct that a pointer field points to.
    #[inline(always)]
    pub fn follow(self, field: &'static u64) -> Self {
        // SAFETY: as in `read`. A pointer read by `A` is readable by `A`.
        unsafe { Self::new(A::read(self.at(field).cast::<*const u8>())) }
    }

    /// Returns the same struct, read by the helper from here on: to the verifier its
    /// pointers are plain numbers.
    #[inline(always)]
    pub fn probed(self) -> Struct<Probed> {
        Struct {
            pointer: self.pointer,
            access: PhantomData,
        }
    }
}
