//! Real components, from the folder that the variable `KINODE_TEST_GUESTS` names: each compiles,
//! links, starts, and does not crash before it waits for its first message.

mod common;

use common::*;
use kinode_engine::ffi::{EndKind, PollStatus};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

fn components(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            components(&path, found);
        } else if path.extension().is_some_and(|end| end == "wasm") {
            found.push(path);
        }
    }
}

#[test]
fn real_components_start() {
    let Some(folder) = std::env::var_os("KINODE_TEST_GUESTS") else {
        return;
    };
    let mut found = Vec::new();
    components(Path::new(&folder), &mut found);
    found.sort();
    assert!(!found.is_empty());
    let engine = TestEngine::new();
    for path in found {
        let begin = Instant::now();
        let component = engine.compile(&fs::read(&path).unwrap());
        let component = component.unwrap_or_else(|(_, reason)| panic!("{path:?}: {reason}"));
        let compiled = begin.elapsed();
        let mut process = component.process();
        let begin = Instant::now();
        let status = process.poll();
        println!(
            "{:<20} compiled in {compiled:?}, started in {:?}, {} KiB",
            path.file_name().unwrap().display(),
            begin.elapsed(),
            process.memory() >> 10
        );
        assert_eq!(status, PollStatus::Waiting, "{path:?}: {:?}", process.end());
        println!("    {:?} {:?}", process.printed(), process.world().output);
    }
}

/// Sends one request to a process of the bench package and tells how it ended.
fn end_after(engine: &TestEngine, name: &str, body: &str) -> Option<Ended> {
    let folder = std::env::var_os("KINODE_TEST_GUESTS")?;
    let path = Path::new(&folder).join(format!("bench/pkg/{name}.wasm"));
    let component = engine.compile(&fs::read(path).ok()?).unwrap();
    let mut process = component.process();
    assert_eq!(process.poll(), PollStatus::Waiting);
    let body = body.as_bytes().to_vec();
    process.world().mail.push_back(Mail { body, expects: Some(5), ..Mail::default() });
    let status = process.poll();
    println!("{name}: {:?} {:?}", process.printed(), process.world().output);
    assert_eq!(status, PollStatus::Ended);
    Some(process.end())
}

#[test]
fn real_components_end() {
    let engine = TestEngine::new();
    for (name, body, kind, message, frame) in [
        ("panicker", "panic oh", EndKind::Trapped, "unreachable", "panic"),
        ("panicker", "trap", EndKind::Trapped, "unreachable", "init"),
        ("panicker", "div", EndKind::Trapped, "", "init"),
        ("panicker", "stack", EndKind::StackOverflow, "stack", ""),
        ("panicker", "exit", EndKind::Exited, "status", ""),
        ("panicker", "return", EndKind::Returned, "", ""),
        ("hog", "mem", EndKind::OutOfMemory, "64 MiB", ""),
    ] {
        let Some(end) = end_after(&engine, name, body) else {
            return;
        };
        println!("{end:?}");
        assert_eq!(end.kind, kind, "{name} {body}: {end:?}");
        assert!(end.message.contains(message) && end.backtrace.contains(frame), "{end:?}");
    }
}
