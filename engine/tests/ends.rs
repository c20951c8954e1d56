//! How processes end, and that the end is told.

mod common;

use common::*;
use kinode_engine::ffi::*;

fn end_of(body: &str) -> Ended {
    TestEngine::new().process(body).run()
}

fn end_with(options: &Options, body: &str) -> Ended {
    let engine = TestEngine::new();
    engine.compile(&guest(body)).unwrap().process_with(options).run()
}

#[test]
fn a_return() {
    let end = end_of("(func $init (param i32 i32))");
    assert_eq!((end.kind, end.backtrace.as_str()), (EndKind::Returned, ""));
}

#[test]
fn a_trap_tells_where() {
    let end = end_of(
        "(func $dig unreachable) (func $walk (call $dig)) (func $init (param i32 i32) call $walk)",
    );
    assert_eq!(end.kind, EndKind::Trapped);
    assert_eq!(end.message, "wasm `unreachable` instruction executed");
    let names: Vec<_> =
        end.backtrace.lines().map(|line| line.rsplit('!').next().unwrap()).collect();
    assert_eq!(names, ["dig", "walk", "init"]);
}

#[test]
fn a_division_by_zero() {
    let end = end_of("(func $init (param i32 i32) (drop (i32.div_u (local.get 0) (i32.const 0))))");
    assert_eq!((end.kind, end.message.as_str()), (EndKind::Trapped, "integer divide by zero"));
}

#[test]
fn a_stack_overflow() {
    let end = end_of("(func $init (param i32 i32) (call $init (local.get 0) (local.get 1)))");
    assert_eq!(end.kind, EndKind::StackOverflow);
    assert_eq!(end.backtrace.lines().count(), 64);
}

#[test]
fn an_exit() {
    let engine = TestEngine::new();
    for (status, text) in [(0, "status 0"), (1, "status 1")] {
        let body = format!("(func $init (param i32 i32) (call $exit (i32.const {status})))");
        let end = engine.compile(&wasi_guest(&body)).unwrap().process().run();
        assert_eq!(end.kind, EndKind::Exited);
        assert!(end.message.ends_with(text), "{}", end.message);
    }
}

const GREEDY: &str = r#"
  (func $init (param i32 i32)
    (loop $again
      (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    unreachable)
"#;

#[test]
fn refused_memory() {
    let end = end_with(&Options { memory: 4 << 20, ..Options::default() }, GREEDY);
    assert_eq!(end.kind, EndKind::OutOfMemory);
    assert_eq!(end.message, "out of memory: 4.1 MiB wanted, the limit is 4 MiB");
    assert!(end.backtrace.contains("init"));
}

#[test]
fn a_guest_that_copes_with_refused_memory() {
    let after = |rest: &str| {
        let grow = "(drop (memory.grow (i32.const 60000))) (drop (memory.grow (i32.const 1)))";
        end_of(&format!("(func $init (param i32 i32) {grow} {rest})"))
    };
    assert_eq!(after("").kind, EndKind::Returned);
    let end = after("(drop (i32.div_u (local.get 0) (i32.const 0)))");
    assert_eq!((end.kind, end.message.as_str()), (EndKind::Trapped, "integer divide by zero"));
    assert_eq!(after("unreachable").kind, EndKind::OutOfMemory);
}

#[test]
fn memory_that_does_not_fit_at_the_start() {
    let end = end_with(
        &Options { memory: 128 << 10, ..Options::default() },
        "(func $init (param i32 i32))",
    );
    assert_eq!(end.kind, EndKind::OutOfMemory);
    assert_eq!(end.message, "out of memory: 256 KiB wanted, the limit is 128 KiB");
}

#[test]
fn memory_beyond_its_own_maximum() {
    let engine = TestEngine::new();
    let extra = r#"(core module $two (memory 1 2) (memory 1 1)
        (func $start (loop $again
          (br_if $again (i32.ne (memory.grow 0 (i32.const 1)) (i32.const -1)))))
        (start $start))
      (core instance (instantiate $two))"#;
    let wasm = Wrap { extra, ..WRAP }.guest("(func $init (param i32 i32))");
    let component = engine.compile(&wasm).unwrap();
    let mut process = component.process_with(&Options { memory: 448 << 10, ..Options::default() });
    let end = process.run();
    // 1 + 1 + 1 grown + 4 of the guest itself: exactly the limit, as the failed step is given back.
    assert_eq!(end.kind, EndKind::Returned, "{end:?}");
}

#[test]
fn refused_table_elements() {
    let body = r#"(table $t 10 funcref)
      (func $init (param i32 i32)
        (loop $again
          (br_if $again (i32.ne (table.grow $t (ref.null func) (i32.const 10)) (i32.const -1))))
        unreachable)"#;
    let end = end_with(&Options { table: 100, ..Options::default() }, body);
    assert_eq!(end.kind, EndKind::OutOfMemory, "{end:?}");
    assert!(end.message.contains("the limit is 100"), "{}", end.message);
}

#[test]
fn too_much_for_one_call() {
    let body = r#"(func $init (param i32 i32)
        (call $set-state (i32.const 0) (i32.const 100))
        (call $set-state (i32.const 0) (i32.const 101)))"#;
    let engine = TestEngine::new();
    let component = engine.compile(&guest(body)).unwrap();
    let mut process = component.process_with(&Options { call: 100, ..Options::default() });
    let end = process.run();
    assert_eq!(end.kind, EndKind::Trapped);
    assert_eq!(end.message, "one call carried more than the limit of 100 bytes");
    assert_eq!(process.world().state.as_ref().unwrap().len(), 100);
}

#[test]
fn views_outside_memory() {
    let end =
        end_of("(func $init (param i32 i32) (call $set-state (i32.const -8) (i32.const 100)))");
    assert_eq!(end.kind, EndKind::Trapped);
    assert!(end.message.contains("out of bounds"), "{}", end.message);
}

#[test]
fn text_that_is_not_utf8() {
    let body = r#"(data (i32.const 8) "\ff\fe")
      (func $init (param i32 i32)
        (call $print-to-terminal (i32.const 0) (i32.const 8) (i32.const 2)))"#;
    let end = end_of(body);
    assert_eq!(end.kind, EndKind::Trapped);
    assert!(end.message.contains("UTF-8"), "{}", end.message);
}

#[test]
fn a_refusal_of_the_host() {
    let engine = TestEngine::new();
    let mut process = engine
        .process("(func $init (param i32 i32) (call $set-state (i32.const 0) (i32.const 1)))");
    process.world().refused = "set_state";
    let end = process.run();
    assert_eq!(end.kind, EndKind::HostRefused);
    assert_eq!(end.message, "the host does not allow it");
    assert!(end.backtrace.contains("init"));
}

#[test]
fn a_refusal_after_a_wait() {
    let engine = TestEngine::new();
    let mut process = engine.process("(func $init (param i32 i32) (call $receive (i32.const 8)))");
    assert_eq!(process.poll(), PollStatus::Waiting);
    process.world().refused = "receive";
    assert_eq!(process.poll(), PollStatus::Ended);
    assert_eq!(process.end().kind, EndKind::HostRefused);
    assert_eq!(process.poll(), PollStatus::Ended);
}

#[test]
fn a_trap_while_it_starts() {
    let end = end_of("(func $start unreachable) (start $start) (func $init (param i32 i32))");
    assert_eq!(end.kind, EndKind::Trapped);
    assert!(end.backtrace.contains("start"));
}

#[test]
fn what_cannot_start() {
    let engine = TestEngine::new();
    let extra =
        "(core module $m (memory 1)) ".to_owned() + &"(core instance (instantiate $m)) ".repeat(20);
    let wasm = Wrap { extra: extra.leak(), ..WRAP }.guest("(func $init (param i32 i32))");
    let end = engine.compile(&wasm).unwrap().process().run();
    assert_eq!(end.kind, EndKind::NotStarted, "{end:?}");
    assert!(end.message.contains("memory count too high"), "{}", end.message);
}

#[test]
fn no_room_for_a_stack() {
    let engine = TestEngine::with(&EngineOptions { fiber_stack: 1 << 42, ..options() }).unwrap();
    let end = engine.process("(func $init (param i32 i32))").run();
    assert_eq!(end.kind, EndKind::NotStarted, "{end:?}");
    assert!(end.message.contains("cannot map stacks"), "{}", end.message);
}
