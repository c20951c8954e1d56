//! What becomes of good and bad component files.

mod common;

use common::*;
use kinode_engine::ffi::*;
use kinode_engine::*;
use std::fs;
use std::path::PathBuf;

const IDLE: &str = "(func $init (param i32 i32))";

fn status_of(engine: &TestEngine, text: &str) -> (ComponentStatus, String) {
    let wasm = wat::parse_str(text).unwrap();
    engine.compile(&wasm).err().expect("refused")
}

fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("kinode-engine-{}-{name}", std::process::id()));
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn first_bytes_tell() {
    let inspect = |bytes: &[u8]| unsafe { kn_component_inspect(Bytes::of(bytes)) };
    assert_eq!(inspect(b""), ComponentStatus::NotWasm);
    assert_eq!(inspect(b"\0as"), ComponentStatus::NotWasm);
    assert_eq!(inspect(b"\0asm\x0d"), ComponentStatus::NotWasm);
    assert_eq!(inspect(b"(component)"), ComponentStatus::NotWasm);
    assert_eq!(inspect(b"\0asm\x01\0\0\0"), ComponentStatus::CoreModule);
    assert_eq!(inspect(b"\0asm\x0d\0\x01\0"), ComponentStatus::Ok);
}

#[test]
fn what_is_no_component_is_refused() {
    let engine = TestEngine::new();
    let (status, reason) = engine.compile(b"(component)").err().unwrap();
    assert_eq!(status, ComponentStatus::NotWasm);
    assert!(reason.contains("not a Wasm file"), "{reason}");
    let (status, reason) = status_of(&engine, "(module)");
    assert_eq!(status, ComponentStatus::CoreModule);
    assert!(reason.contains("core module"), "{reason}");
    let (status, reason) = engine.compile(b"\0asm\x0d\0\x01\0garbage").err().unwrap();
    assert_eq!(status, ComponentStatus::Invalid);
    assert!(!reason.is_empty() && !reason.contains('\n'), "{reason}");
}

#[test]
fn truncated_components_are_refused() {
    let engine = TestEngine::new();
    let wasm = guest(IDLE);
    for size in (0..wasm.len()).step_by(97) {
        assert!(engine.compile(&wasm[..size]).is_err(), "{size} bytes");
    }
}

#[test]
fn an_unknown_import_is_named() {
    let engine = TestEngine::new();
    let extra = r#"(import "acme:rockets/launch@1.2.3" (instance (export "go" (func))))"#;
    let wasm = Wrap { extra, ..WRAP }.guest(IDLE);
    let (status, reason) = engine.compile(&wasm).err().unwrap();
    assert_eq!(status, ComponentStatus::UnknownImport);
    assert!(reason.contains("acme:rockets/launch@1.2.3"), "{reason}");
}

#[test]
fn an_import_of_the_wrong_type_is_named() {
    let engine = TestEngine::new();
    let (status, reason) = status_of(
        &engine,
        r#"(component
          (import "kinode:process/standard@1.0.0" (instance
            (export "has-blob" (func (result u32)))))
          (core module $m (func (export "init") (param i32 i32)) (memory (export "m") 1)
            (func (export "r") (param i32 i32 i32 i32) (result i32) unreachable))
          (core instance $m (instantiate $m))
          (func (export "init") (param "our" string) (canon lift (core func $m "init")
            (memory (core memory $m "m")) (realloc (core func $m "r")))))"#,
    );
    assert_eq!(status, ComponentStatus::UnknownImport);
    assert!(reason.contains("has-blob"), "{reason}");
}

#[test]
fn init_must_be_there_and_right() {
    let engine = TestEngine::new();
    let (status, reason) = status_of(&engine, "(component)");
    assert_eq!(status, ComponentStatus::MissingInit);
    assert!(reason.contains("`init`"), "{reason}");
    let (status, reason) = status_of(
        &engine,
        r#"(component
          (core module $m (func (export "init")))
          (core instance $m (instantiate $m))
          (func (export "init") (canon lift (core func $m "init"))))"#,
    );
    assert_eq!(status, ComponentStatus::MissingInit);
    assert!(reason.contains("func(our: string)"), "{reason}");
}

/// Waiting on one would block the thread that polls.
#[test]
fn shared_memories_are_refused() {
    let engine = TestEngine::new();
    let extra = "(core module $shared (memory 1 1 shared)) (core instance (instantiate $shared))";
    let (status, reason) = engine.compile(&Wrap { extra, ..WRAP }.guest(IDLE)).err().unwrap();
    assert_eq!(status, ComponentStatus::Invalid);
    assert!(reason.contains("threads"), "{reason}");
}

#[test]
fn both_names_of_the_interface_are_offered() {
    let engine = TestEngine::new();
    for interface in ["kinode:process/standard@1.0.0", "hyperware:process/standard@1.0.0"] {
        let wasm = Wrap { interface, ..WRAP }.guest(IDLE);
        let mut process = engine.compile(&wasm).unwrap().process();
        assert_eq!(process.run().kind, EndKind::Returned);
    }
}

#[test]
fn every_version_of_wasi_0_2_links() {
    let engine = TestEngine::new();
    for version in ["0.2.0", "0.2.2", "0.2.6", "0.2.9", "0.2.12"] {
        let wasm = Wrap { wasi: Some(version), ..WRAP }.guest(IDLE);
        let mut process = engine.compile(&wasm).unwrap_or_else(|e| panic!("{e:?}")).process();
        assert_eq!(process.run().kind, EndKind::Returned);
    }
}

#[test]
fn a_compiled_file_is_loaded() {
    let engine = TestEngine::new();
    let compiled = engine.compile(&guest(IDLE)).unwrap().serialize();
    let path = file("good", &compiled);
    let component = engine.load(&path).ok().unwrap();
    fs::remove_file(path).unwrap();
    let mut process = component.process();
    drop(component);
    assert_eq!(process.run().kind, EndKind::Returned);
}

#[test]
fn a_bad_file_is_stale() {
    let engine = TestEngine::new();
    let compiled = engine.compile(&guest(IDLE)).unwrap().serialize();
    let half = file("half", &compiled[..compiled.len() / 2]);
    let mut zeros = compiled.clone();
    let tail = zeros.len() / 4;
    zeros[tail..].fill(0);
    let zeros = file("zeros", &zeros);
    let empty = file("empty", b"");
    let wasm = file("wasm", &guest(IDLE));
    for path in [&half, &zeros, &empty, &wasm, &PathBuf::from("/nowhere/at/all")] {
        let (status, reason) = engine.load(path).err().unwrap();
        assert_eq!(status, ComponentStatus::Stale, "{path:?}");
        assert!(!reason.is_empty());
    }
    let other = TestEngine::with(&EngineOptions { memory_reservation: 0, ..options() }).unwrap();
    let good = file("other", &compiled);
    assert_eq!(other.load(&good).err().unwrap().0, ComponentStatus::Stale);
    for path in [half, zeros, empty, wasm, good] {
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn the_hash_tells_settings_apart() {
    let hash = |engine: &TestEngine| unsafe { kn_engine_compatibility_hash(&*engine.0) };
    let one = TestEngine::new();
    assert_eq!(hash(&one), hash(&TestEngine::new()));
    let other =
        TestEngine::with(&EngineOptions { memory_guard: 0, memory_reservation: 0, ..options() });
    assert_ne!(hash(&one), hash(&other.unwrap()));
}

#[test]
fn bad_options_are_refused() {
    let error = TestEngine::with(&EngineOptions { fiber_stack: 512 << 10, ..options() }).err();
    assert!(error.unwrap().contains("fiber_stack"));
}
