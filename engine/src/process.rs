//! A process: a guest's life as one future, polled by the host.

use crate::component::{Component, Linked};
use crate::ending::Ending;
use crate::engine::Engine;
use crate::ffi::{Host, HostProcess, PollStatus, ProcessOptions};
use crate::limits::Limits;
use crate::shared::Shared;
use crate::wasi::Wasi;
use std::ffi::c_void;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use wasmtime::{Error, Result, Store, UpdateDeadline};

/// What a store holds besides the guest: the data of every host function.
pub struct State {
    pub host: Host,
    pub process: HostProcess,
    pub engine: Arc<Engine>,
    pub shared: Arc<Shared>,
    pub tmp: Option<String>,
    /// Made when the guest first uses WASI.
    pub wasi: Option<Box<Wasi>>,
    limits: Limits,
}

// The host's pointer is used by the thread that polls, one at a time, which the header demands.
unsafe impl Send for State {}

pub struct Process {
    life: Option<Pin<Box<dyn Future<Output = Ending> + Send>>>,
    ending: Option<Ending>,
    engine: Arc<Engine>,
    shared: Arc<Shared>,
    waker: Waker,
}

impl Process {
    /// # Safety
    /// The options' texts must be readable now, `process` and the functions of `host` for as long as
    /// the process lives, `waker` until it is released.
    pub unsafe fn new(
        component: &Component,
        options: &ProcessOptions,
        host: &Host,
        process: HostProcess,
        waker: *mut c_void,
    ) -> Process {
        let waker = Waker::from(Arc::new(HostWaker {
            wake: host.wake,
            release: host.release_waker,
            waker,
        }));
        let engine = component.engine.clone();
        let shared = Arc::new(Shared::default());
        let limits = Limits::new(options.memory_limit, options.table_limit, shared.clone());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let state = State {
            host: *host,
            process,
            engine: engine.clone(),
            shared: shared.clone(),
            tmp: options.tmp.get().map(|folder| text(unsafe { folder.0.as_slice() })),
            wasi: None,
            limits,
        };
        let start = Start {
            linked: component.linked(options.dense).clone(),
            our: text(unsafe { options.our.0.as_slice() }),
            call_limit: options.call_limit,
        };
        let life = Some(Box::pin(start.live(state)) as _);
        Process { life, ending: None, engine, shared, waker }
    }

    pub fn poll(&mut self) -> PollStatus {
        let Some(life) = &mut self.life else {
            return PollStatus::Ended;
        };
        self.shared.begin_slice(self.engine.now());
        if self.shared.in_wasi()
            && let Some(runtime) = self.engine.runtime()
        {
            unsafe { self.shared.enter(runtime) };
        }
        let mut context = Context::from_waker(&self.waker);
        let polled = catch_unwind(AssertUnwindSafe(|| life.as_mut().poll(&mut context)));
        unsafe { self.shared.leave() };
        let ending = match polled {
            Ok(Poll::Pending) if self.shared.take_yielded() => return PollStatus::Yielded,
            Ok(Poll::Pending) => return PollStatus::Waiting,
            Ok(Poll::Ready(ending)) => ending,
            Err(panic) => Ending::fault(&*panic),
        };
        self.end_life();
        self.ending = Some(ending);
        PollStatus::Ended
    }

    pub fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    pub fn memory(&self) -> u64 {
        self.shared.memory()
    }

    /// Frees all that the guest has. A guest in the middle of a call is unwound.
    fn end_life(&mut self) {
        if let Some(life) = self.life.take() {
            // After a panic the pieces may panic again while they are dropped.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(life)));
        }
        self.shared.set_memory(0);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end_life();
    }
}

/// All that a guest needs to begin.
struct Start {
    linked: Linked,
    our: String,
    call_limit: u64,
}

impl Start {
    async fn live(self, state: State) -> Ending {
        let mut store = Store::new(self.linked.pre.engine(), state);
        store.limiter(|state| &mut state.limits);
        store.set_hostcall_fuel(usize::try_from(self.call_limit).unwrap_or(usize::MAX));
        store.epoch_deadline_callback(|store| Ok(end_of_slice(store.data())));
        store.set_epoch_deadline(1);
        let mut started = false;
        match self.run(&mut store, &mut started).await {
            Ok(()) => Ending::returned(),
            Err(error) => self.ending(&error, started, store.data()),
        }
    }

    async fn run(&self, store: &mut Store<State>, started: &mut bool) -> Result<()> {
        let Linked { pre, init } = &self.linked;
        let instance = pre.instantiate_async(&mut *store).await?;
        let init = instance.get_typed_func::<(&str,), ()>(&mut *store, *init)?;
        *started = true;
        init.call_async(&mut *store, (&self.our,)).await
    }

    fn ending(&self, error: &Error, started: bool, state: &State) -> Ending {
        Ending::of_error(error, started, &state.limits, self.call_limit)
    }
}

/// Called when a guest reaches its deadline. That may be one left over from an earlier poll, after a
/// wait in WASI; then the guest runs on.
fn end_of_slice(state: &State) -> UpdateDeadline {
    let left = state.shared.slice_left(state.engine.now());
    if left > 0 {
        return UpdateDeadline::Continue(left);
    }
    state.shared.set_yielded();
    // Not Wasmtime's own way to yield, which would call the waker: the status says it all.
    let mut yielded = false;
    UpdateDeadline::YieldCustom(
        1,
        Box::pin(poll_fn(move |_| {
            if yielded {
                return Poll::Ready(());
            }
            yielded = true;
            Poll::Pending
        })),
    )
}

/// Tells the host that WASI has something for the process.
struct HostWaker {
    wake: unsafe extern "C" fn(*mut c_void),
    release: unsafe extern "C" fn(*mut c_void),
    waker: *mut c_void,
}

// The header says that these functions may be called on any thread.
unsafe impl Send for HostWaker {}
unsafe impl Sync for HostWaker {}

impl Wake for HostWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        unsafe { (self.wake)(self.waker) };
    }
}

impl Drop for HostWaker {
    fn drop(&mut self) {
        unsafe { (self.release)(self.waker) };
    }
}
