//! Views: pointers with a length, in the form that C has for them.
//!
//! They point into guest memory or into the host's buffers and are good for one call only.

use std::marker::PhantomData;
use std::slice;

/// `kn_bytes` that holds arbitrary bytes: a `list<u8>`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Bytes {
    pub data: Pointer<u8>,
    pub size: usize,
}

/// `kn_bytes` that holds UTF-8: a `string`.
#[repr(transparent)]
#[derive(Clone, Copy, Default)]
pub struct Text(pub Bytes);

/// A pointer and a count: `kn_capabilities` and its like.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Slice<T> {
    pub data: Pointer<T>,
    pub size: usize,
}

/// `kn_optional_bytes`, and the layout of any value with a flag behind it.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Optional<T> {
    pub value: T,
    pub present: bool,
}

/// A read-only raw pointer that may travel between threads: whoever makes one guarantees that the
/// memory behind it lives and does not change for as long as the view is used, on any thread.
#[repr(transparent)]
pub struct Pointer<T>(pub *const T, PhantomData<T>);

unsafe impl<T: Sync> Send for Pointer<T> {}
unsafe impl<T: Sync> Sync for Pointer<T> {}

impl<T> Pointer<T> {
    pub const fn new(data: *const T) -> Self {
        Pointer(data, PhantomData)
    }
}

impl<T> Clone for Pointer<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Pointer<T> {}

impl<T> Default for Pointer<T> {
    fn default() -> Self {
        Pointer::new(std::ptr::null())
    }
}

impl Bytes {
    pub fn of(bytes: &[u8]) -> Self {
        Bytes { data: Pointer::new(bytes.as_ptr()), size: bytes.len() }
    }

    /// # Safety
    /// The memory behind the view must live for `'a`.
    pub unsafe fn as_slice<'a>(&self) -> &'a [u8] {
        if self.size == 0 {
            return &[];
        }
        unsafe { slice::from_raw_parts(self.data.0, self.size) }
    }
}

impl<T> Default for Slice<T> {
    fn default() -> Self {
        Slice { data: Pointer::default(), size: 0 }
    }
}

impl<T> Slice<T> {
    pub fn of(items: &[T]) -> Self {
        Slice { data: Pointer::new(items.as_ptr()), size: items.len() }
    }

    /// # Safety
    /// The memory behind the view must live for `'a`.
    pub unsafe fn as_slice<'a>(&self) -> &'a [T] {
        if self.size == 0 {
            return &[];
        }
        unsafe { slice::from_raw_parts(self.data.0, self.size) }
    }
}

impl<T> Optional<T> {
    pub fn get(self) -> Option<T> {
        self.present.then_some(self.value)
    }
}

impl<T: Default> From<Option<T>> for Optional<T> {
    fn from(value: Option<T>) -> Self {
        let present = value.is_some();
        Optional { value: value.unwrap_or_default(), present }
    }
}
