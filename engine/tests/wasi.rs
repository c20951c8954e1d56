//! What WASI offers a process.

mod common;

use common::*;
use kinode_engine::ffi::*;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

fn component(engine: &TestEngine, body: &str) -> TestComponent {
    engine.compile(&wasi_guest(body)).unwrap_or_else(|(_, reason)| panic!("{reason}"))
}

#[test]
fn outputs_go_to_the_host() {
    let engine = TestEngine::new();
    let body = r#"(data (i32.const 8) "out\nerror")
      (func $init (param i32 i32)
        (call $write (call $get-stdout) (i32.const 8) (i32.const 4) (i32.const 64))
        (call $write (call $get-stderr) (i32.const 12) (i32.const 5) (i32.const 64))
        (if (i32.load8_u (i32.const 64)) (then unreachable)))"#;
    let mut process = component(&engine, body).process();
    let end = process.run();
    assert_eq!(end.kind, EndKind::Returned, "{end:?}");
    assert_eq!(process.world().output, [(1, "out\n".to_owned()), (2, "error".to_owned())]);
}

/// Prints the name of the first preopened folder and the number of all, then the first variable,
/// and makes the folder `made`.
const EXPLORER: &str = r#"
  (data (i32.const 8) "made")
  (data (i32.const 16) "../made")
  (func $init (param i32 i32)
    (local $at i32)
    (call $get-directories (i32.const 64))
    (block $none
      (br_if $none (i32.eqz (i32.load (i32.const 68))))
      (local.set $at (i32.load (i32.const 64)))
      (call $print-to-terminal (i32.load (i32.const 68)) (i32.load offset=4 (local.get $at))
        (i32.load offset=8 (local.get $at)))
      (call $create-directory-at (i32.load (local.get $at)) (i32.const 8) (i32.const 4)
        (i32.const 80))
      (if (i32.load8_u (i32.const 80)) (then unreachable))
      (call $create-directory-at (i32.load (local.get $at)) (i32.const 16) (i32.const 7)
        (i32.const 80))
      (if (i32.eqz (i32.load8_u (i32.const 80))) (then unreachable)))
    (call $get-environment (i32.const 64))
    (block $none
      (br_if $none (i32.eqz (i32.load (i32.const 68))))
      (local.set $at (i32.load (i32.const 64)))
      (call $print-to-terminal (i32.load (i32.const 68)) (i32.load (local.get $at))
        (i32.load offset=4 (local.get $at)))
      (call $print-to-terminal (i32.load (i32.const 68)) (i32.load offset=8 (local.get $at))
        (i32.load offset=12 (local.get $at)))))
"#;

fn folder(name: &str) -> PathBuf {
    let name = format!("kinode-engine-{}-{name}", std::process::id());
    let path = std::env::temp_dir().join(name);
    fs::create_dir_all(&path).unwrap();
    path
}

#[test]
fn tmp_is_the_only_folder() {
    let engine = TestEngine::new();
    let outer = folder("tmp");
    let tmp = outer.join("inner");
    fs::create_dir_all(&tmp).unwrap();
    let options = Options { tmp: Some(tmp.to_str().unwrap().to_owned()), ..Options::default() };
    let mut process = component(&engine, EXPLORER).process_with(&options);
    let end = process.run();
    assert_eq!(end.kind, EndKind::Returned, "{end:?}");
    let line = |text: &str| (1, text.to_owned());
    assert_eq!(process.world().printed, [line("/tmp"), line("TEMP_DIR"), line("/tmp")]);
    assert!(tmp.join("made").is_dir());
    assert!(!outer.join("made").exists());
    fs::remove_dir_all(outer).unwrap();
}

#[test]
fn without_tmp_there_is_nothing() {
    let engine = TestEngine::new();
    let component = component(&engine, EXPLORER);
    for tmp in [None, Some("/nowhere/at/all".to_owned())] {
        let mut process = component.process_with(&Options { tmp, ..Options::default() });
        assert_eq!(process.run().kind, EndKind::Returned);
        assert!(process.printed().is_empty());
    }
}

const SLEEPER: &str = r#"
  (func $init (param i32 i32)
    (call $block (call $subscribe-duration (i64.const 50000000))))
"#;

#[test]
fn a_timer_wakes_the_process() {
    let engine = TestEngine::new();
    let mut process = component(&engine, SLEEPER).process();
    let begin = Instant::now();
    assert_eq!(process.poll(), PollStatus::Waiting);
    assert_eq!(process.wakes.woken.load(SeqCst), 0);
    assert_eq!(process.run().kind, EndKind::Returned);
    assert!(begin.elapsed() >= Duration::from_millis(50));
    assert_eq!(process.wakes.woken.load(SeqCst), 1);
}

#[test]
fn a_process_is_deleted_while_it_sleeps() {
    let engine = TestEngine::new();
    let mut process = component(&engine, SLEEPER).process();
    assert_eq!(process.poll(), PollStatus::Waiting);
    let wakes = process.wakes.clone();
    drop(process);
    assert_eq!(wakes.released.load(SeqCst), 1);
    std::thread::sleep(Duration::from_millis(80));
    assert_eq!(wakes.woken.load(SeqCst), 0);
}

#[test]
fn polls_of_a_sleeper_may_move_between_threads() {
    let engine = TestEngine::new();
    let mut process = component(&engine, SLEEPER).process();
    assert_eq!(process.poll(), PollStatus::Waiting);
    let process = std::thread::spawn(move || {
        assert_eq!(process.poll(), PollStatus::Waiting);
        process
    });
    let end = process.join().unwrap().run();
    assert_eq!(end.kind, EndKind::Returned, "{end:?}");
}

#[test]
fn handles_are_bounded() {
    let engine = TestEngine::new();
    let body = "(func $init (param i32 i32) (loop $again (drop (call $get-stdout)) (br $again)))";
    let end = component(&engine, body).process().run();
    assert_eq!(end.kind, EndKind::Trapped, "{end:?}");
    assert!(end.message.contains("table"), "{}", end.message);
}
