//! Measures, on one thread: `cargo test --release --test speed -- --ignored --nocapture`.
//! With `KINODE_TEST_GUESTS`, also a real echo and real starts.

mod common;

use common::*;
use kinode_engine::ffi::*;
use std::ffi::{c_int, c_void};
use std::fs;
use std::time::{Duration, Instant};

const PINGS: usize = 200_000;

/// Sends 100 bytes and waits for them to come back, again and again.
const PINGER: &str = r#"
  (func $init (param i32 i32)
    (i32.store (i32.const 72) (i32.const 4096)) (i32.store (i32.const 76) (i32.const 100))
    (i32.store8 (i32.const 40) (i32.const 1)) (i64.store (i32.const 48) (i64.const 5))
    (i32.store (i32.const 4) (i32.const 7)) (i32.store (i32.const 12) (i32.const 4))
    (i32.store (i32.const 20) (i32.const 5)) (i32.store (i32.const 28) (i32.const 8))
    (i32.store (i32.const 0) (i32.const 2048)) (i32.store (i32.const 8) (i32.const 2048))
    (i32.store (i32.const 16) (i32.const 2048)) (i32.store (i32.const 24) (i32.const 2048))
    ;; the request begins at 32: body at 56
    (i32.store (i32.const 56) (i32.const 4096)) (i32.store (i32.const 60) (i32.const 100))
    (i32.store (i32.const 72) (i32.const 0)) (i32.store (i32.const 76) (i32.const 0))
    (i32.store (i32.const 64) (i32.const 0))
    (loop $again
      (call $send-and-await-response (i32.const 0) (i32.const 1024))
      (call $reset)
      (br $again)))
"#;

/// Answers every request with its body.
const ECHO: &str = r#"
  (func $init (param i32 i32)
    (loop $again
      (call $receive (i32.const 1024))
      (call $send-response (i32.const 0) (i32.load (i32.const 1096)) (i32.load (i32.const 1100))
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8) (i32.const 0)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
      (call $reset)
      (br $again)))
"#;

/// What a pair shares: the least a host can do.
#[derive(Default)]
struct Pair {
    body: Vec<u8>,
    request: bool,
    response: bool,
    hops: usize,
}

// The pair is found through the world's field `spawned`, which nothing else uses here.
unsafe fn pair<'a>(process: *mut c_void) -> &'a mut Pair {
    unsafe { &mut *((*process.cast::<World>()).repeated as *mut Pair) }
}

unsafe extern "C" fn fast_receive(process: *mut c_void, out: *mut Event) -> c_int {
    let (pair, out) = unsafe { (pair(process), &mut *out) };
    if !std::mem::take(&mut pair.request) {
        return 1;
    }
    pair.hops += 1;
    out.kind = EVENT_REQUEST;
    out.source = table::address("pinger");
    out.request.body = Bytes::of(&pair.body);
    out.request.expects_response = true;
    out.request.timeout_seconds = 5;
    0
}

unsafe extern "C" fn fast_respond(
    process: *mut c_void,
    response: *const Response,
    _: *const Blob,
) -> c_int {
    let pair = unsafe { pair(process) };
    pair.body.clear();
    pair.body.extend_from_slice(unsafe { (*response).body.as_slice() });
    pair.response = true;
    0
}

unsafe extern "C" fn fast_await(
    process: *mut c_void,
    request: *const Outgoing,
    out: *mut Event,
) -> c_int {
    let (pair, out) = unsafe { (pair(process), &mut *out) };
    if let Some(request) = unsafe { request.as_ref() } {
        pair.body.clear();
        pair.body.extend_from_slice(unsafe { request.request.body.as_slice() });
        pair.request = true;
        return 1;
    }
    if !std::mem::take(&mut pair.response) {
        return 1;
    }
    pair.hops += 1;
    out.kind = EVENT_RESPONSE;
    out.source = table::address("echo");
    out.response.body = Bytes::of(&pair.body);
    0
}

fn fast_host() -> Host {
    Host {
        receive: fast_receive,
        send_response: fast_respond,
        send_and_await_response: fast_await,
        ..table::HOST
    }
}

fn measure_pair(name: &str, pinger: &TestComponent, echo: &TestComponent) {
    let mut pair = Pair::default();
    let host = fast_host();
    let mut both = [pinger, echo].map(|part| {
        let mut process = part.process_on(&Options::default(), &host);
        process.world().repeated = &raw mut pair as usize;
        process
    });
    let [pinger, echo] = &mut both;
    pair.hops = 0;
    assert_eq!(echo.poll(), PollStatus::Waiting);
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let begin = Instant::now();
        for _ in 0..PINGS / 2 {
            assert_ne!(pinger.poll(), PollStatus::Ended, "{:?}", pinger.end());
            assert_ne!(echo.poll(), PollStatus::Ended, "{:?}", echo.end());
        }
        best = best.min(begin.elapsed() / PINGS as u32);
    }
    assert!(pair.hops >= 5 * PINGS - 2);
    println!("{name}: {best:?} a hop");
}

fn measure_starts(name: &str, component: &TestComponent) {
    const COUNT: u32 = 2000;
    let host = fast_host();
    let mut pair = Pair::default();
    let mut start = || {
        let mut process = component.process_on(&Options::default(), &host);
        process.world().repeated = &raw mut pair as usize;
        assert_eq!(process.poll(), PollStatus::Waiting, "{:?}", process.end());
        process
    };
    drop(start());
    let begin = Instant::now();
    for _ in 0..COUNT {
        drop(start());
    }
    let one = begin.elapsed() / COUNT;
    let begin = Instant::now();
    let resident = resident();
    let all: Vec<_> = (0..COUNT).map(|_| start()).collect();
    let many = begin.elapsed() / COUNT;
    let kib = (self::resident() - resident) / u64::from(COUNT);
    let maps = fs::read_to_string("/proc/self/maps").unwrap().lines().count() / COUNT as usize;
    let begin = Instant::now();
    drop(all);
    let end = begin.elapsed() / COUNT;
    println!(
        "{name}: start, park and end {one:?}; {COUNT} at a time: start {many:?}, end {end:?}, \
         {kib} KiB and {maps} maps each"
    );
}

fn measure_traps(engine: &TestEngine) {
    const COUNT: u32 = 2000;
    for body in ["", "unreachable", "(call $init (local.get 0) (local.get 1))"] {
        let component = engine.compile(&guest(&format!("(func $init (param i32 i32) {body})")));
        let component = component.unwrap();
        let begin = Instant::now();
        for _ in 0..COUNT {
            assert_eq!(component.process().poll(), PollStatus::Ended);
        }
        println!("start and end by `{body}`: {:?}", begin.elapsed() / COUNT);
    }
}

/// KiB of memory in use by this program.
fn resident() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4
}

#[test]
#[ignore = "measures"]
fn speed() {
    let dense = EngineOptions { memory_reservation: 0, memory_guard: 0, ..options() };
    let engine = TestEngine::with(&dense).unwrap();
    measure_starts("tiny echo, dense", &engine.compile(&guest(ECHO)).unwrap());
    let engine = TestEngine::new();
    measure_traps(&engine);
    let pinger = engine.compile(&guest(PINGER)).unwrap();
    let echo = engine.compile(&guest(ECHO)).unwrap();
    measure_pair("tiny pinger and echo", &pinger, &echo);
    measure_starts("tiny echo", &echo);
    let Some(folder) = std::env::var_os("KINODE_TEST_GUESTS") else {
        return;
    };
    for name in ["child", "echo"] {
        let path = std::path::Path::new(&folder).join(format!("bench/pkg/{name}.wasm"));
        let real = engine.compile(&fs::read(path).unwrap()).unwrap();
        measure_pair(&format!("tiny pinger and real {name}"), &pinger, &real);
        measure_starts(&format!("real {name}"), &real);
    }
}
