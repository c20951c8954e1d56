//! Slices, deletion at any point, many processes.

mod common;

use common::*;
use kinode_engine::ffi::*;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

const PARKED: &str = "(func $init (param i32 i32) (call $receive (i32.const 1024)))";
const ENDLESS: &str = "(func $init (param i32 i32) (loop $again (br $again)))";

/// Runs `body` while a thread ticks every millisecond.
fn ticking<T>(engine: &TestEngine, body: impl FnOnce() -> T) -> T {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(SeqCst) {
                thread::sleep(Duration::from_millis(1));
                engine.tick();
            }
        });
        let result = body();
        stop.store(true, SeqCst);
        result
    })
}

#[test]
fn an_endless_loop_yields_and_is_deleted() {
    let engine = TestEngine::new();
    let mut process = engine.process(ENDLESS);
    ticking(&engine, || {
        for _ in 0..5 {
            assert_eq!(process.poll(), PollStatus::Yielded);
        }
    });
    assert_eq!(process.wakes.woken.load(SeqCst), 0, "a yield is told by the status alone");
    let wakes = process.wakes.clone();
    drop(process);
    assert_eq!(wakes.released.load(SeqCst), 1);
}

#[test]
fn an_endless_start_yields() {
    let engine = TestEngine::new();
    let mut process = engine.process(
        "(func $start (loop $again (br $again))) (start $start) (func $init (param i32 i32))",
    );
    ticking(&engine, || {
        for _ in 0..3 {
            assert_eq!(process.poll(), PollStatus::Yielded);
        }
    });
}

#[test]
fn a_process_that_waited_long_has_a_whole_slice() {
    let engine = TestEngine::new();
    let body = r#"(func $init (param i32 i32)
        (loop $again (call $receive (i32.const 1024)) (call $reset) (br $again)))"#;
    let mut process = engine.process(body);
    assert_eq!(process.poll(), PollStatus::Waiting);
    for _ in 0..10 {
        engine.tick();
        engine.tick();
        process.world().mail.push_back(Mail::default());
        assert_eq!(process.poll(), PollStatus::Waiting);
    }
}

#[test]
fn a_yield_loses_nothing() {
    let engine = TestEngine::new();
    let body = r#"(func $init (param i32 i32)
        (local $count i32)
        (loop $again
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (br_if $again (i32.ne (local.get $count) (i32.const 50000000))))
        (call $set-state (i32.const 0) (i32.const 1)))"#;
    let mut process = engine.process(body);
    let end = ticking(&engine, || process.run());
    assert_eq!(end.kind, EndKind::Returned, "{end:?}");
    assert!(process.world().state.is_some());
}

#[test]
fn a_process_is_deleted_at_any_point() {
    let engine = TestEngine::new();
    let component = engine.compile(&guest(PARKED)).unwrap();
    let unborn = component.process();
    let mut parked = component.process();
    assert_eq!(parked.poll(), PollStatus::Waiting);
    let mut ended = component.process();
    ended.world().mail.push_back(Mail::default());
    assert_eq!(ended.poll(), PollStatus::Ended);
    drop(component);
    for process in [unborn, parked, ended] {
        let wakes = process.wakes.clone();
        drop(process);
        assert_eq!(wakes.released.load(SeqCst), 1);
    }
}

#[test]
fn a_thousand_processes_on_two_threads() {
    let engine = TestEngine::new();
    let component = engine.compile(&guest(PARKED)).unwrap();
    let mut halves: Vec<Vec<TestProcess>> =
        (0..2).map(|_| (0..500).map(|_| component.process()).collect()).collect();
    for _ in 0..2 {
        // Each thread polls what the other one polled before.
        halves.rotate_left(1);
        thread::scope(|scope| {
            for half in &mut halves {
                scope.spawn(|| {
                    for process in half {
                        assert_eq!(process.poll(), PollStatus::Waiting);
                    }
                });
            }
        });
    }
    for process in halves.iter_mut().flatten() {
        process.world().mail.push_back(Mail::default());
        assert_eq!(process.poll(), PollStatus::Ended);
        assert_eq!(process.end().kind, EndKind::Returned);
    }
}

#[test]
fn the_other_settings_work_too() {
    let small = EngineOptions { memory_reservation: 0, memory_guard: 0, ..options() };
    let engine = TestEngine::with(&small).unwrap();
    let body = r#"(func $init (param i32 i32)
        (drop (memory.grow (i32.const 10)))
        (i32.store (i32.const 700000) (i32.const 1))
        (i32.store (i32.const 10000000) (i32.const 1)))"#;
    let end = engine.process(body).run();
    assert_eq!(end.message, "out of bounds memory access");
}

/// Pages that this thread has touched for the first time.
fn page_faults() -> i64 {
    let mut usage = unsafe { std::mem::zeroed::<libc::rusage>() };
    assert_eq!(unsafe { libc::getrusage(libc::RUSAGE_THREAD, &mut usage) }, 0);
    usage.ru_minflt
}

/// Grows by 200 pages of 64 KiB, one after the other, and writes the first word of each 4 KiB.
const GROWING: &str = r#"(func $init (param i32 i32)
    (local $at i32) (local $count i32)
    (loop $again
      (local.set $at (i32.mul (memory.grow (i32.const 1)) (i32.const 65536)))
      (local.set $count (i32.const 0))
      (loop $touch
        (i32.store (i32.add (local.get $at) (i32.mul (local.get $count) (i32.const 4096))) (i32.const 1))
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (br_if $touch (i32.lt_u (local.get $count) (i32.const 16))))
      (br_if $again (i32.lt_u (memory.size) (i32.const 200)))))"#;

#[test]
fn a_memory_that_grows_by_small_steps_is_not_copied_at_each() {
    let small = EngineOptions { memory_reservation: 0, memory_guard: 0, ..options() };
    let engine = TestEngine::with(&EngineOptions { memory_growth: 64 << 20, ..small }).unwrap();
    let component = engine.compile(&guest(GROWING)).unwrap();
    let faults_of = |dense: bool| {
        let mut process = component.process_with(&Options { dense, ..Options::default() });
        let before = page_faults();
        let end = process.run();
        assert_eq!(end.kind, EndKind::Returned, "{end:?}");
        page_faults() - before
    };
    // 3 200 pages are touched; copying at each step touches a hundred times as many, or where the
    // system has huge pages ten times.
    let (roomy, dense) = (faults_of(false), faults_of(true));
    assert!(roomy < 30_000, "{roomy} page faults");
    assert!(dense > 3 * roomy, "{dense} page faults: nothing tells a dense process from another");
}

#[test]
fn dense_processes_run_beside_others_and_give_way_too() {
    let engine = TestEngine::with(&EngineOptions { memory_growth: 1 << 20, ..options() }).unwrap();
    let component = engine.compile(&guest(ENDLESS)).unwrap();
    let start = |dense| component.process_with(&Options { dense, ..Options::default() });
    let mut processes = [start(false), start(true), start(true), start(false)];
    ticking(&engine, || {
        for _ in 0..3 {
            for process in &mut processes {
                assert_eq!(process.poll(), PollStatus::Yielded);
            }
        }
    });
}
