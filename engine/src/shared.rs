//! What the two sides of a process share: the caller that polls it, and the store inside its future,
//! which nobody else can reach while the guest is suspended.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use tokio::runtime::{EnterGuard, Runtime};

#[derive(Default)]
pub struct Shared {
    memory: AtomicU64,
    /// The tick at which the present slice is used up.
    slice_end: AtomicU64,
    /// The present poll ended because the slice was used up.
    yielded: AtomicBool,
    /// The guest waits in something of WASI's, so the next poll continues that.
    in_wasi: AtomicBool,
    entered: Entered,
}

/// Keeps the runtime of WASI's timers entered until the poll is over. Only the polling thread looks
/// at it, and every poll leaves it empty: the guard must be dropped on the thread that made it.
#[derive(Default)]
struct Entered(UnsafeCell<Option<EnterGuard<'static>>>);

unsafe impl Send for Entered {}
unsafe impl Sync for Entered {}

impl Shared {
    pub fn memory(&self) -> u64 {
        self.memory.load(Relaxed)
    }

    pub fn set_memory(&self, bytes: u64) {
        self.memory.store(bytes, Relaxed);
    }

    pub fn begin_slice(&self, now: u64) {
        self.slice_end.store(now + 1, Relaxed);
    }

    /// Ticks left of the present slice.
    pub fn slice_left(&self, now: u64) -> u64 {
        self.slice_end.load(Relaxed).saturating_sub(now)
    }

    pub fn set_yielded(&self) {
        self.yielded.store(true, Relaxed);
    }

    pub fn take_yielded(&self) -> bool {
        // Nearly always false, and a plain load is much cheaper than a swap.
        self.yielded.load(Relaxed) && self.yielded.swap(false, Relaxed)
    }

    pub fn set_in_wasi(&self, value: bool) {
        self.in_wasi.store(value, Relaxed);
    }

    pub fn in_wasi(&self) -> bool {
        self.in_wasi.load(Relaxed)
    }

    /// # Safety
    /// Only during a poll, on its thread; `leave` must follow before `runtime` goes and before the
    /// poll ends.
    pub unsafe fn enter(&self, runtime: &Runtime) {
        let slot = unsafe { &mut *self.entered.0.get() };
        if slot.is_none() {
            let guard = runtime.enter();
            *slot =
                Some(unsafe { std::mem::transmute::<EnterGuard<'_>, EnterGuard<'static>>(guard) });
        }
    }

    /// # Safety
    /// Only on the thread of the poll that is ending.
    pub unsafe fn leave(&self) {
        let slot = unsafe { &mut *self.entered.0.get() };
        if slot.is_some() {
            *slot = None;
        }
    }
}
