//! What crosses between guest and host, in both directions.

mod common;

use common::*;
use kinode_engine::ffi::*;

fn mail(body: &str) -> Mail {
    Mail { body: body.as_bytes().to_vec(), ..Mail::default() }
}

/// Prints the text whose pointer and length are at the address.
const PRINT: &str = r#"
  (func $print (param i32)
    (call $print-to-terminal (i32.const 0) (i32.load (local.get 0))
      (i32.load offset=4 (local.get 0))))
"#;

/// Receives, and prints the source's process name and the body of the request.
const READER: &str = r#"
  (func $init (param i32 i32)
    (call $receive (i32.const 1024))
    (call $print (i32.const 1040))
    (call $print (i32.const 1096)))
"#;

fn process(engine: &TestEngine, body: &str) -> TestProcess {
    engine.process(&format!("{PRINT}{body}"))
}

#[test]
fn init_is_called_with_our_address() {
    let engine = TestEngine::new();
    let mut process = engine.process(
        "(func $init (call $print-to-terminal (i32.const 2) (local.get 0) (local.get 1)))"
            .replace("$init", "$init (param i32 i32)")
            .as_str(),
    );
    assert_eq!(process.run().kind, EndKind::Returned);
    assert_eq!(process.world().printed, [(2, "node.os@test:test:test.os".to_owned())]);
}

#[test]
fn nothing_runs_before_the_first_poll() {
    let engine = TestEngine::new();
    let mut process = process(&engine, "(func $init (param i32 i32) (call $print (i32.const 0)))");
    assert!(process.printed().is_empty());
    assert_eq!(process.memory(), 0);
}

#[test]
fn receive_waits_for_a_message() {
    let engine = TestEngine::new();
    let mut process = process(&engine, READER);
    assert_eq!(process.poll(), PollStatus::Waiting);
    assert_eq!(process.poll(), PollStatus::Waiting);
    assert_eq!(process.memory(), 256 << 10);
    process.world().mail.push_back(mail("hello"));
    assert_eq!(process.poll(), PollStatus::Ended);
    assert_eq!(process.printed(), ["source", "hello"]);
    assert_eq!(process.memory(), 0);
}

#[test]
fn a_message_that_is_there_is_received_at_once() {
    let engine = TestEngine::new();
    let mut process = process(&engine, READER);
    process.world().mail.push_back(mail("hello"));
    assert_eq!(process.poll(), PollStatus::Ended);
    assert_eq!(process.printed(), ["source", "hello"]);
}

#[test]
fn a_whole_request_is_received() {
    let engine = TestEngine::new();
    let body = r#"(func $init (param i32 i32)
      (call $receive (i32.const 1024))
      ;; present? the timeout, the metadata, one capability: its issuer's name and params
      (if (i32.ne (i32.load8_u (i32.const 1080)) (i32.const 1)) (then unreachable))
      (if (i64.ne (i64.load (i32.const 1088)) (i64.const 5)) (then unreachable))
      (if (i32.ne (i32.load8_u (i32.const 1104)) (i32.const 1)) (then unreachable))
      (call $print (i32.const 1108))
      (if (i32.ne (i32.load (i32.const 1120)) (i32.const 1)) (then unreachable))
      (call $print (i32.add (i32.load (i32.const 1116)) (i32.const 8)))
      (call $print (i32.add (i32.load (i32.const 1116)) (i32.const 32)))
      (if (i32.eqz (call $has-blob)) (then unreachable))
      (call $get-blob (i32.const 2048))
      (call $print (i32.const 2056))
      (call $print (i32.const 2064))
      (call $last-blob (i32.const 2048))
      (if (i32.load8_u (i32.const 2048)) (then unreachable)))"#;
    let mut process = process(&engine, body);
    process.world().mail.push_back(Mail {
        metadata: Some("{}".to_owned()),
        expects: Some(5),
        capability: Some("\"messaging\"".to_owned()),
        blob: Some(b"bytes".to_vec()),
        ..mail("body")
    });
    let end = process.run();
    assert_eq!(end.kind, EndKind::Returned, "{end:?}");
    let printed = process.printed();
    assert_eq!(printed, ["{}", "issuer", "\"messaging\"", "text/plain", "bytes"]);
}

#[test]
fn empty_lists_need_no_memory_of_the_guest() {
    let engine = TestEngine::new();
    let body = r#"(func $init (param i32 i32)
      (call $receive (i32.const 1024))
      ;; body and capabilities: aligned addresses that are not null, and no length
      (if (i32.ne (i32.load (i32.const 1096)) (i32.const 1)) (then unreachable))
      (if (i32.load (i32.const 1100)) (then unreachable))
      (if (i32.ne (i32.load (i32.const 1116)) (i32.const 4)) (then unreachable))
      (if (i32.load (i32.const 1120)) (then unreachable)))"#;
    let mut process = process(&engine, body);
    process.world().mail.push_back(mail(""));
    assert_eq!(process.run().kind, EndKind::Returned);
}

#[test]
fn a_response_comes_with_its_context() {
    let engine = TestEngine::new();
    let body = r#"(func $init (param i32 i32)
      (call $receive (i32.const 1024))
      (if (i32.ne (i32.load8_u (i32.const 1064)) (i32.const 1)) (then unreachable))
      (call $print (i32.const 1076))
      (if (i32.ne (i32.load8_u (i32.const 1104)) (i32.const 1)) (then unreachable))
      (call $print (i32.const 1108)))"#;
    let mut process = process(&engine, body);
    let context = Some(b"kept".to_vec());
    process.world().mail.push_back(Mail { kind: EVENT_RESPONSE, context, ..mail("answer") });
    let end = process.run();
    assert_eq!(end.kind, EndKind::Returned, "{end:?}");
    assert_eq!(process.printed(), ["answer", "kept"]);
}

#[test]
fn a_message_that_could_not_be_sent_comes_back() {
    let engine = TestEngine::new();
    // The error's kind is at 8 in the result, its target at 12, its message at 48.
    let body = r#"(func $init (param i32 i32)
      (call $receive (i32.const 1024))
      (if (i32.ne (i32.load8_u (i32.const 1024)) (i32.const 1)) (then unreachable))
      (if (i32.ne (i32.load8_u (i32.const 1032)) (i32.const 1)) (then unreachable))
      (call $print (i32.const 1044))
      (if (i32.load8_u (i32.const 1072)) (then unreachable))
      (call $print (i32.const 1104)))"#;
    let mut process = process(&engine, body);
    process.world().mail.push_back(Mail { kind: EVENT_SEND_ERROR, ..mail("lost") });
    let end = process.run();
    assert_eq!(end.kind, EndKind::Returned, "{end:?}");
    assert_eq!(process.printed(), ["source", "lost"]);
}

/// Text at 4096 and on, and a `send-request` at 0 with everything in it.
const REQUEST: &str = r#"
  (data (i32.const 4096) "node")
  (data (i32.const 4104) "process")
  (data (i32.const 4112) "package")
  (data (i32.const 4120) "publisher")
  (data (i32.const 4136) "body")
  (data (i32.const 4144) "{\"m\":0}")
  (data (i32.const 4152) "context")
  (data (i32.const 4160) "blob")
  (data (i32.const 4168) "params")
  (func $pair (param i32 i32 i32)
    (i32.store (local.get 0) (local.get 1)) (i32.store offset=4 (local.get 0) (local.get 2)))
  (func $address (param i32)
    (call $pair (local.get 0) (i32.const 4096) (i32.const 4))
    (call $pair (i32.add (local.get 0) (i32.const 8)) (i32.const 4104) (i32.const 7))
    (call $pair (i32.add (local.get 0) (i32.const 16)) (i32.const 4112) (i32.const 7))
    (call $pair (i32.add (local.get 0) (i32.const 24)) (i32.const 4120) (i32.const 9)))
  (func $request (param i32)
    (call $address (local.get 0))
    (i32.store8 offset=32 (local.get 0) (i32.const 1))
    (i32.store8 offset=40 (local.get 0) (i32.const 1))
    (i64.store offset=48 (local.get 0) (i64.const 30))
    (call $pair (i32.add (local.get 0) (i32.const 56)) (i32.const 4136) (i32.const 4))
    (i32.store8 offset=64 (local.get 0) (i32.const 1))
    (call $pair (i32.add (local.get 0) (i32.const 68)) (i32.const 4144) (i32.const 7))
    (call $pair (i32.add (local.get 0) (i32.const 76)) (i32.const 8192) (i32.const 1))
    (call $address (i32.const 8192))
    (call $pair (i32.const 8224) (i32.const 4168) (i32.const 6))
    (i32.store8 offset=88 (local.get 0) (i32.const 1))
    (call $pair (i32.add (local.get 0) (i32.const 92)) (i32.const 4152) (i32.const 7))
    (i32.store8 offset=100 (local.get 0) (i32.const 1))
    (call $pair (i32.add (local.get 0) (i32.const 116)) (i32.const 4160) (i32.const 4)))
"#;

fn check_request(sent: &Mail) {
    assert_eq!(sent.source, "process:package:publisher");
    assert_eq!(sent.body, b"body");
    assert_eq!(sent.metadata.as_deref(), Some("{\"m\":0}"));
    assert_eq!(sent.expects, Some(30));
    assert_eq!(sent.context.as_deref(), Some(&b"context"[..]));
    assert_eq!(sent.blob.as_deref(), Some(&b"blob"[..]));
    assert_eq!(sent.capability.as_deref(), Some("params"));
}

#[test]
fn a_request_is_sent() {
    let engine = TestEngine::new();
    let mut process = process(
        &engine,
        &format!(
            "{REQUEST} (func $init (param i32 i32)
               (call $request (i32.const 0)) (call $send-request (i32.const 0)))"
        ),
    );
    assert_eq!(process.run().kind, EndKind::Returned);
    assert_eq!(process.world().sent.len(), 1);
    check_request(&process.world().sent[0]);
}

#[test]
fn many_requests_are_sent_and_may_wait() {
    let engine = TestEngine::new();
    let mut process = process(
        &engine,
        &format!(
            "{REQUEST} (func $init (param i32 i32)
               (call $request (i32.const 0)) (call $request (i32.const 128))
               (call $request (i32.const 256)) (i32.store8 (i32.const 356) (i32.const 0))
               (call $send-requests (i32.const 0) (i32.const 3)))"
        ),
    );
    process.world().pending.insert("send_requests", 2);
    assert_eq!(process.poll(), PollStatus::Waiting, "{:?}", process.end());
    assert_eq!(process.poll(), PollStatus::Waiting);
    assert_eq!(process.poll(), PollStatus::Ended);
    assert_eq!(process.end().kind, EndKind::Returned);
    let world = process.world();
    assert_eq!((world.sent.len(), world.repeated), (3, 2));
    check_request(&world.sent[0]);
    check_request(&world.sent[1]);
    assert_eq!(world.sent[2].blob, None);
}

#[test]
fn a_response_is_awaited() {
    let engine = TestEngine::new();
    let body = format!(
        "{REQUEST} (func $init (param i32 i32)
           (call $request (i32.const 0)) (i32.store8 (i32.const 88) (i32.const 0))
           (call $send-and-await-response (i32.const 0) (i32.const 1024))
           (call $print (i32.const 1076)))"
    );
    let mut process = process(&engine, &body);
    assert_eq!(process.poll(), PollStatus::Waiting);
    assert_eq!(process.world().sent.len(), 1);
    process.world().mail.push_back(Mail { kind: EVENT_RESPONSE, ..mail("answer") });
    assert_eq!(process.poll(), PollStatus::Ended);
    assert_eq!(process.end().kind, EndKind::Returned);
    assert_eq!(process.printed(), ["answer"]);
}

#[test]
fn a_response_is_sent() {
    let engine = TestEngine::new();
    let body = r#"(data (i32.const 8) "answer")
      (func $init (param i32 i32)
        (call $send-response (i32.const 0) (i32.const 8) (i32.const 6)
          (i32.const 1) (i32.const 8) (i32.const 3) (i32.const 8) (i32.const 0)
          (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 10) (i32.const 4)))"#;
    let mut process = process(&engine, body);
    process.world().pending.insert("send_response", 1);
    assert_eq!(process.run().kind, EndKind::Returned);
    let sent = &process.world().responses[0];
    assert_eq!(sent.body, b"answer");
    assert_eq!(sent.metadata.as_deref(), Some("ans"));
    assert_eq!(sent.blob.as_deref(), Some(&b"swer"[..]));
}

#[test]
fn state_is_kept() {
    let engine = TestEngine::new();
    let body = r#"(data (i32.const 8) "state")
      (func $init (param i32 i32)
        (call $get-state (i32.const 64))
        (if (i32.load8_u (i32.const 64)) (then unreachable))
        (call $set-state (i32.const 8) (i32.const 5))
        (call $get-state (i32.const 64))
        (call $print (i32.const 68))
        (call $clear-state)
        (call $get-state (i32.const 64))
        (if (i32.load8_u (i32.const 64)) (then unreachable)))"#;
    let mut process = process(&engine, body);
    for name in ["get_state", "set_state", "clear_state"] {
        process.world().pending.insert(name, 2);
    }
    let end = process.run();
    assert_eq!(end.kind, EndKind::Returned, "{end:?}");
    assert_eq!(process.printed(), ["state"]);
}

#[test]
fn children_are_spawned() {
    let engine = TestEngine::new();
    // With a name, restart on exit, one capability, one grant; then without anything.
    let body = format!(
        r#"{REQUEST}
      (data (i32.const 4200) "child.wasm")
      (func $init (param i32 i32)
        (call $request (i32.const 0))
        (call $address (i32.const 300))
        (call $pair (i32.const 324) (i32.const 4168) (i32.const 6))
        (call $spawn (i32.const 1) (i32.const 4104) (i32.const 7) (i32.const 4200) (i32.const 10)
          (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 8192) (i32.const 1)
          (i32.const 300) (i32.const 1) (i32.const 1) (i32.const 1024))
        (if (i32.load8_u (i32.const 1024)) (then unreachable))
        (call $print (i32.const 1028))
        (call $spawn (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 4200) (i32.const 10)
          (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
          (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1024))
        (if (i32.ne (i32.load8_u (i32.const 1024)) (i32.const 1)) (then unreachable))
        (if (i32.load8_u (i32.const 1028)) (then unreachable)))"#
    );
    let mut process = process(&engine, &body);
    process.world().pending.insert("spawn", 3);
    let end = process.run();
    assert_eq!(end.kind, EndKind::Returned, "{end:?}");
    assert_eq!(process.printed(), ["child"]);
    // The grant's record is (process name, package, publisher, params), eight bytes each.
    let granted = "node:process:packageparams";
    assert_eq!(
        process.world().spawned,
        [format!("process child.wasm 1 1 {granted} true"), "- child.wasm 0 0  false".to_owned()]
    );
}

#[test]
fn what_happens_on_exit_is_set() {
    let engine = TestEngine::new();
    // The list has elements of (address, request, option<blob>): like a request without context.
    let body = format!(
        "{REQUEST} (func $init (param i32 i32)
           (call $get-on-exit (i32.const 512))
           (if (i32.load8_u (i32.const 512)) (then unreachable))
           (call $request (i32.const 0))
           (i32.store8 (i32.const 88) (i32.const 0))
           (call $set-on-exit (i32.const 2) (i32.const 0) (i32.const 1))
           (call $set-on-exit (i32.const 1) (i32.const 0) (i32.const 0))
           (call $get-on-exit (i32.const 512))
           (if (i32.ne (i32.load8_u (i32.const 512)) (i32.const 1)) (then unreachable)))"
    );
    let mut process = process(&engine, &body);
    let end = process.run();
    assert_eq!(end.kind, EndKind::Returned, "{end:?}");
    let sent = &process.world().sent;
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].body.as_slice(), &sent[0].blob), (&b"body"[..], &None));
}

#[test]
fn capabilities_are_kept_and_told() {
    let engine = TestEngine::new();
    let body = format!(
        "{REQUEST} (func $init (param i32 i32)
           (call $request (i32.const 0))
           (call $save-capabilities (i32.const 8192) (i32.const 1))
           (call $drop-capabilities (i32.const 8192) (i32.const 1))
           (call $our (i32.const 512))
           (call $print (i32.const 520))
           (call $our-capabilities (i32.const 512))
           (if (i32.ne (i32.load (i32.const 516)) (i32.const 2)) (then unreachable))
           (call $print (i32.add (i32.load (i32.const 512)) (i32.const 72))))"
    );
    let mut process = process(&engine, &body);
    let end = process.run();
    assert_eq!(end.kind, EndKind::Returned, "{end:?}");
    let capability = "node@process:package:publisher params";
    assert_eq!(process.world().saved, [format!("+{capability}"), format!("-{capability}")]);
    assert_eq!(process.printed(), ["our", "{\"a\":1}"]);
}

#[test]
fn strings_may_be_utf16() {
    let engine = TestEngine::new();
    let body = r#"
      (data (i32.const 8) "g\00r\00\fc\00n\00")
      (func $init (param i32 i32)
        (call $print-to-terminal (i32.const 0) (i32.const 8) (i32.const 4))
        (call $print-to-terminal (i32.const 0) (local.get 0) (local.get 1))
        (call $our (i32.const 512))
        (call $print-to-terminal (i32.const 0) (i32.load (i32.const 520))
          (i32.load (i32.const 524))))"#;
    let wasm = Wrap { encoding: "utf16", ..WRAP }.guest(body);
    let mut process = engine.compile(&wasm).unwrap().process();
    let end = process.run();
    assert_eq!(end.kind, EndKind::Returned, "{end:?}");
    assert_eq!(process.printed(), ["grün", "node.os@test:test:test.os", "our"]);
}
