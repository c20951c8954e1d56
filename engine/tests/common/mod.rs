//! A small host, driving the engine through its C interface.
#![allow(dead_code, clippy::missing_safety_doc)]

pub mod guest;
pub mod table;

use kinode_engine::ffi::*;
use kinode_engine::*;
use std::collections::{HashMap, VecDeque};
use std::ffi::c_void;
use std::path::Path;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

pub use guest::*;

/// A message as the host of the tests keeps it.
#[derive(Clone, Default)]
pub struct Mail {
    pub kind: i32,
    pub source: String,
    pub body: Vec<u8>,
    pub metadata: Option<String>,
    pub context: Option<Vec<u8>>,
    pub expects: Option<u64>,
    pub blob: Option<Vec<u8>>,
    pub capability: Option<String>,
}

/// What one process said and was told. The pointer to it is the `process` of the host functions.
#[derive(Default)]
pub struct World {
    pub mail: VecDeque<Mail>,
    /// The message last received; its bytes are lent to the engine.
    pub current: Mail,
    pub capabilities: Vec<Capability>,
    pub blob: Blob,
    pub printed: Vec<(u8, String)>,
    pub output: Vec<(i32, String)>,
    pub sent: Vec<Mail>,
    pub responses: Vec<Mail>,
    pub state: Option<Vec<u8>>,
    pub on_exit: i32,
    pub spawned: Vec<String>,
    pub saved: Vec<String>,
    /// How many times a function says that it must wait, and how often it was called again.
    pub pending: HashMap<&'static str, usize>,
    pub repeated: usize,
    pub told_to_wait: bool,
    /// The function that ends the process.
    pub refused: &'static str,
}

#[derive(Default)]
pub struct Wakes {
    pub woken: AtomicUsize,
    pub released: AtomicUsize,
}

pub struct TestEngine(pub *mut EngineHandle);

unsafe impl Send for TestEngine {}
unsafe impl Sync for TestEngine {}

pub fn options() -> EngineOptions {
    EngineOptions {
        memory_reservation: 4 << 30,
        memory_guard: 32 << 20,
        memory_growth: 0,
        wasm_stack: 512 << 10,
        fiber_stack: 1 << 20,
    }
}

pub fn take_text(text: OwnedText) -> String {
    let bytes = unsafe { Bytes { data: Pointer::new(text.data), size: text.size }.as_slice() };
    let string = String::from_utf8_lossy(bytes).into_owned();
    unsafe { kn_text_delete(text) };
    string
}

fn no_text() -> OwnedText {
    OwnedText { data: ptr::null_mut(), size: 0 }
}

type Made = Result<TestComponent, (ComponentStatus, String)>;

impl TestEngine {
    pub fn new() -> Self {
        Self::with(&options()).unwrap()
    }

    pub fn with(options: &EngineOptions) -> Result<Self, String> {
        let mut error = no_text();
        let engine = unsafe { kn_engine_new(options, &mut error) };
        if engine.is_null() { Err(take_text(error)) } else { Ok(TestEngine(engine)) }
    }

    pub fn tick(&self) {
        unsafe { kn_engine_tick(&*self.0) };
    }

    pub fn compile(&self, wasm: &[u8]) -> Made {
        let (mut out, mut error) = (ptr::null_mut(), no_text());
        let status =
            unsafe { kn_component_compile(&*self.0, Bytes::of(wasm), &mut out, &mut error) };
        match status {
            ComponentStatus::Ok => Ok(TestComponent(out.cast())),
            status => Err((status, take_text(error))),
        }
    }

    pub fn load(&self, path: &Path) -> Made {
        let (mut out, mut error) = (ptr::null_mut(), no_text());
        let path = path.to_str().unwrap().as_bytes();
        let status = unsafe { kn_component_load(&*self.0, Bytes::of(path), &mut out, &mut error) };
        match status {
            ComponentStatus::Ok => Ok(TestComponent(out.cast())),
            status => Err((status, take_text(error))),
        }
    }

    /// Compiles the body of a guest and makes a process of it.
    pub fn process(&self, body: &str) -> TestProcess {
        self.compile(&guest(body)).unwrap().process()
    }
}

impl Drop for TestEngine {
    fn drop(&mut self) {
        unsafe { kn_engine_delete(self.0) };
    }
}

pub struct TestComponent(*mut c_void);

unsafe impl Send for TestComponent {}

/// Limits of a process, and its folder.
#[derive(Clone)]
pub struct Options {
    pub memory: u64,
    pub table: u64,
    pub call: u64,
    pub tmp: Option<String>,
    pub dense: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { memory: 64 << 20, table: 100_000, call: 64 << 20, tmp: None, dense: false }
    }
}

impl TestComponent {
    pub fn serialize(&self) -> Vec<u8> {
        let text = unsafe { kn_component_serialize(&*self.0.cast()) };
        let bytes = Bytes { data: Pointer::new(text.data), size: text.size };
        let bytes = unsafe { bytes.as_slice() }.to_vec();
        unsafe { kn_text_delete(text) };
        bytes
    }

    pub fn process(&self) -> TestProcess {
        self.process_with(&Options::default())
    }

    pub fn process_with(&self, options: &Options) -> TestProcess {
        self.process_on(options, &table::HOST)
    }

    pub fn process_on(&self, options: &Options, host: &Host) -> TestProcess {
        let world = Box::into_raw(Box::<World>::default());
        let wakes = Arc::<Wakes>::default();
        let waker = Arc::into_raw(wakes.clone());
        let text = |text: &str| Text(Bytes::of(text.as_bytes()));
        let options = ProcessOptions {
            our: text("node.os@test:test:test.os"),
            memory_limit: options.memory,
            table_limit: options.table,
            call_limit: options.call,
            tmp: options.tmp.as_deref().map(text).into(),
            dense: options.dense,
        };
        let process = unsafe {
            kn_process_new(&*self.0.cast(), &options, host, world.cast(), waker.cast_mut().cast())
        };
        TestProcess { process: process.cast(), world, wakes }
    }
}

impl Drop for TestComponent {
    fn drop(&mut self) {
        unsafe { kn_component_delete(self.0.cast()) };
    }
}

pub struct TestProcess {
    process: *mut c_void,
    world: *mut World,
    pub wakes: Arc<Wakes>,
}

unsafe impl Send for TestProcess {}

#[derive(Debug)]
pub struct Ended {
    pub kind: EndKind,
    pub message: String,
    pub backtrace: String,
}

impl TestProcess {
    pub fn poll(&mut self) -> PollStatus {
        unsafe { kn_process_poll(&mut *self.process.cast()) }
    }

    pub fn world_pointer(&self) -> *mut World {
        self.world
    }

    pub fn world(&mut self) -> &mut World {
        unsafe { &mut *self.world }
    }

    pub fn memory(&self) -> u64 {
        unsafe { kn_process_memory(&*self.process.cast()) }
    }

    pub fn end(&self) -> Ended {
        let end = unsafe { kn_process_end(&*self.process.cast()) };
        let text = |bytes: Bytes| String::from_utf8(unsafe { bytes.as_slice() }.to_vec()).unwrap();
        Ended { kind: end.kind, message: text(end.message), backtrace: text(end.backtrace) }
    }

    /// Polls until the process ends; whenever it waits, until somebody wakes it.
    pub fn run(&mut self) -> Ended {
        for _ in 0..100_000 {
            let woken = self.wakes.woken.load(SeqCst);
            match self.poll() {
                PollStatus::Ended => return self.end(),
                PollStatus::Yielded => {}
                PollStatus::Waiting => {
                    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
                    while self.wakes.woken.load(SeqCst) == woken
                        && !std::mem::take(&mut self.world().told_to_wait)
                    {
                        assert!(std::time::Instant::now() < deadline, "the process never ends");
                        std::thread::yield_now();
                    }
                }
            }
        }
        panic!("the process never ends");
    }

    pub fn printed(&mut self) -> Vec<String> {
        self.world().printed.iter().map(|(_, text)| text.clone()).collect()
    }
}

impl Drop for TestProcess {
    fn drop(&mut self) {
        unsafe {
            kn_process_delete(self.process.cast());
            drop(Box::from_raw(self.world));
        }
    }
}
