//! The engine: Wasmtime's settings, the linker that all components share, and the runtime that WASI's
//! timers and file operations need.

use crate::component;
use crate::ffi::EngineOptions;
use crate::host;
use crate::process::State;
use crate::stacks::Stacks;
use std::hash::{Hash, Hasher};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use wasmtime::component::Linker;
use wasmtime::{Config, Result, bail};

/// The least that the functions of the host and of WASI get of a process's stack.
const HOST_STACK: usize = 128 << 10;
/// How many of the guest's frames a backtrace shows.
pub const BACKTRACE_FRAMES: usize = 64;
/// Threads for file operations of guests, at most; they go when there is nothing to do.
const FILE_THREADS: usize = 16;

pub struct Engine {
    pub roomy: Layout,
    dense: OnceLock<Option<Layout>>,
    options: EngineOptions,
    stacks: Arc<Stacks>,
    ticks: AtomicU64,
    runtime: OnceLock<Option<Runtime>>,
}

/// Wasmtime with one way of laying out memories. A component compiled for one can be loaded for another
/// that differs in nothing but `memory_growth`.
pub struct Layout {
    pub wasmtime: wasmtime::Engine,
    pub linker: Linker<State>,
}

impl Layout {
    fn new(options: &EngineOptions, stacks: &Arc<Stacks>) -> Result<Layout> {
        let wasmtime = wasmtime::Engine::new(&config(options, stacks)?)?;
        let mut linker = Linker::new(&wasmtime);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        for name in component::INTERFACES {
            host::add_to_linker(&mut linker.instance(name)?)?;
        }
        Ok(Layout { wasmtime, linker })
    }
}

impl Engine {
    pub fn new(options: &EngineOptions) -> Result<Engine> {
        // Errors here are the guests' doing: a backtrace of the node tells nothing and, where the
        // environment asks for one, costs five times the trap itself.
        wasmtime::error::disable_backtrace();
        let stacks = Arc::new(Stacks::new());
        Ok(Engine {
            roomy: Layout::new(options, &stacks)?,
            dense: OnceLock::new(),
            options: *options,
            stacks,
            ticks: AtomicU64::new(0),
            runtime: OnceLock::new(),
        })
    }

    /// For processes beyond the first: without growth reserved. Made when the first of them comes.
    pub fn dense(&self) -> Option<&Layout> {
        let options = EngineOptions { memory_growth: 0, ..self.options };
        self.dense.get_or_init(|| Layout::new(&options, &self.stacks).ok()).as_ref()
    }

    pub fn tick(&self) {
        // Ours first: a guest that sees Wasmtime's new epoch must not find its slice unfinished.
        self.ticks.fetch_add(1, Relaxed);
        self.roomy.wasmtime.increment_epoch();
        if let Some(Some(dense)) = self.dense.get() {
            dense.wasmtime.increment_epoch();
        }
    }

    pub fn now(&self) -> u64 {
        self.ticks.load(Relaxed)
    }

    pub fn compatibility_hash(&self) -> u64 {
        let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
        env!("CARGO_PKG_VERSION").hash(&mut hasher);
        self.roomy.wasmtime.precompile_compatibility_hash().hash(&mut hasher);
        hasher.finish()
    }

    /// Made when the first guest needs it. None if the machine gives no thread for it.
    pub fn runtime(&self) -> Option<&Runtime> {
        let build = || {
            Builder::new_multi_thread()
                .worker_threads(1)
                .max_blocking_threads(FILE_THREADS)
                .thread_name("kinode-wasi")
                .enable_time()
                .build()
                .ok()
        };
        self.runtime.get_or_init(build).as_ref()
    }

    /// Frees the engine; waits a little for file operations under way.
    pub fn shut_down(engine: Arc<Engine>) {
        if let Some(engine) = Arc::into_inner(engine)
            && let Some(runtime) = engine.runtime.into_inner().flatten()
        {
            runtime.shutdown_timeout(Duration::from_secs(2));
        }
    }
}

fn config(options: &EngineOptions, stacks: &Arc<Stacks>) -> Result<Config> {
    let EngineOptions { memory_reservation, memory_guard, memory_growth, wasm_stack, fiber_stack } =
        *options;
    if fiber_stack < wasm_stack.saturating_add(HOST_STACK) {
        bail!("fiber_stack must leave {HOST_STACK} bytes beside wasm_stack for the host");
    }
    let mut config = Config::new();
    config
        .memory_reservation(memory_reservation)
        .memory_guard_size(memory_guard)
        .memory_reservation_for_growth(memory_growth)
        .memory_init_cow(true)
        .max_wasm_stack(wasm_stack)
        .async_stack_size(fiber_stack)
        .with_host_stack(stacks.clone())
        .epoch_interruption(true)
        .wasm_backtrace_max_frames(NonZeroUsize::new(BACKTRACE_FRAMES));
    Ok(config)
}

/// FNV-1a, because the standard library's hash may change with its version.
struct Fnv(u64);

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
