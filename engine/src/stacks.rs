//! Stacks for fibers, cut from large mappings.
//!
//! A mapping and a guard of its own for every stack would cost a node with many processes two of the
//! memory maps that Linux counts (65 530 by default), and four system calls for every start and end.
//! Slabs cost one map for many stacks. Their guards are made with `MADV_GUARD_INSTALL` where
//! the kernel knows it (6.13), which does not split the map; elsewhere with `mprotect`, which does.

use std::ffi::{c_int, c_void};
use std::fmt;
use std::io;
use std::ops::Range;
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};
use wasmtime::{Result, StackCreator, StackMemory, bail, format_err};

const MADV_GUARD_INSTALL: c_int = 102;
/// More than a page, because code of the host that was compiled without stack probes may leap over
/// one with a single large frame.
const GUARD: usize = 64 << 10;
/// Stacks in a slab: 68 MiB of address space at the usual 1 MiB each.
const STACKS: usize = 64;
/// What a stack that waits for its next use keeps of its upper end, which every process touches.
const KEPT: usize = 16 << 10;
/// How many waiting stacks keep it; 8 MiB in all.
const WARM: usize = 512;

pub struct Stacks {
    pool: Arc<Mutex<Pool>>,
    page: usize,
}

#[derive(Default)]
struct Pool {
    slabs: Vec<Slab>,
    /// Guarded slots that no fiber uses, by address of their guard. The last used comes first.
    free: Vec<usize>,
    /// Slots of the newest slab that were never used.
    fresh: Range<usize>,
    slot: usize,
    no_guard_advice: bool,
}

struct Slab {
    start: usize,
    size: usize,
}

struct Stack {
    pool: Arc<Mutex<Pool>>,
    start: usize,
    size: usize,
}

impl Stacks {
    pub fn new() -> Self {
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
        Stacks { pool: Arc::default(), page }
    }
}

impl Pool {
    fn take(&mut self, slot: usize) -> Result<usize> {
        if let Some(start) = self.free.pop() {
            return Ok(start);
        }
        if self.slot != 0 && self.slot != slot {
            bail!("stacks of {} bytes wanted, but made of {}", slot, self.slot);
        }
        self.slot = slot;
        if self.fresh.is_empty() {
            let size = slot.checked_mul(STACKS).ok_or_else(|| format_err!("stacks too large"))?;
            let slab = Slab::map(size)?;
            self.fresh = slab.start..slab.start + slab.size;
            self.slabs.push(slab);
        }
        let start = self.fresh.start;
        self.guard(start)?;
        self.fresh.start += slot;
        Ok(start)
    }

    fn guard(&mut self, start: usize) -> Result<()> {
        let address = start as *mut c_void;
        if !self.no_guard_advice {
            if unsafe { libc::madvise(address, GUARD, MADV_GUARD_INSTALL) } == 0 {
                return Ok(());
            }
            self.no_guard_advice = true;
        }
        if unsafe { libc::mprotect(address, GUARD, libc::PROT_NONE) } != 0 {
            return Err(failure("guard a stack"));
        }
        Ok(())
    }
}

impl Slab {
    fn map(size: usize) -> Result<Slab> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        let start = unsafe { libc::mmap(ptr::null_mut(), size, protection, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(failure("map stacks"));
        }
        // A huge page would back many idle stacks in full. Where this fails, memory is all it costs.
        unsafe { libc::madvise(start, size, libc::MADV_NOHUGEPAGE) };
        Ok(Slab { start: start as usize, size })
    }
}

impl Drop for Slab {
    fn drop(&mut self) {
        // Runs with the last stack and the creator gone, as each of them holds the pool.
        unsafe { libc::munmap(self.start as *mut c_void, self.size) };
    }
}

/// A fiber could not have a stack.
#[derive(Debug)]
pub struct NoStack(String);

impl fmt::Display for NoStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoStack {}

fn failure(what: &str) -> wasmtime::Error {
    NoStack(format!("cannot {what}: {}", io::Error::last_os_error())).into()
}

// Each stack is its slot's memory alone, readable, writable and page-aligned, above its guard.
unsafe impl StackCreator for Stacks {
    fn new_stack(&self, size: usize, _zeroed: bool) -> Result<Box<dyn StackMemory>> {
        let size = size.next_multiple_of(self.page);
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        let start = pool.take(GUARD + size)?;
        drop(pool);
        Ok(Box::new(Stack { pool: self.pool.clone(), start, size }))
    }
}

unsafe impl StackMemory for Stack {
    fn top(&self) -> *mut u8 {
        self.range().end as *mut u8
    }

    fn range(&self) -> Range<usize> {
        let base = self.start + GUARD;
        base..base + self.size
    }

    fn guard_range(&self) -> Range<*mut u8> {
        self.start as *mut u8..(self.start + GUARD) as *mut u8
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let lock = || self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = if lock().free.len() < WARM { KEPT.min(self.size) } else { 0 };
        let base = (self.start + GUARD) as *mut c_void;
        // Frees the pages before anybody else can have the stack. A failure costs memory only.
        unsafe { libc::madvise(base, self.size - kept, libc::MADV_DONTNEED) };
        lock().free.push(self.start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: usize = 256 << 10;

    /// Whether the kernel can read a byte there; unlike us, it does not crash if not.
    fn readable(address: usize) -> bool {
        let mut pipe = [0; 2];
        assert_eq!(unsafe { libc::pipe(pipe.as_mut_ptr()) }, 0);
        let written = unsafe { libc::write(pipe[1], address as *const c_void, 1) };
        unsafe { (libc::close(pipe[0]), libc::close(pipe[1])) };
        written == 1
    }

    fn check(stacks: &Stacks) {
        let all: Vec<_> =
            (0..2 * STACKS + 1).map(|_| stacks.new_stack(SIZE, false).unwrap()).collect();
        for stack in &all {
            let (range, guard) = (stack.range(), stack.guard_range());
            assert_eq!((range.len(), stack.top() as usize), (SIZE, range.end));
            assert_eq!((guard.end as usize, range.start % stacks.page), (range.start, 0));
            assert!(readable(range.start) && readable(range.end - 1));
            assert!(!readable(range.start - 1) && !readable(range.start - GUARD));
        }
        let mut starts: Vec<_> = all.iter().map(|stack| stack.range().start).collect();
        starts.sort_unstable();
        assert!(starts.windows(2).all(|pair| pair[1] - pair[0] >= SIZE + GUARD));
        drop(all);
        let again = stacks.new_stack(SIZE, false).unwrap();
        assert!(starts.contains(&again.range().start));
        assert!(!readable(again.range().start - 1));
    }

    #[test]
    fn stacks_are_apart_and_guarded() {
        check(&Stacks::new());
    }

    #[test]
    fn the_same_on_an_older_kernel() {
        let stacks = Stacks::new();
        stacks.pool.lock().unwrap().no_guard_advice = true;
        check(&stacks);
    }

    #[test]
    fn a_stack_that_cannot_be_mapped_is_an_error() {
        let error = Stacks::new().new_stack(1 << 46, false).err().unwrap();
        assert!(error.to_string().contains("cannot map stacks"), "{error}");
    }
}
