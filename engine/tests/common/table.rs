//! The host table of the tests: every function keeps what it is told in the process's `World`.

use super::{Mail, Wakes, World};
use kinode_engine::ffi::*;
use std::ffi::{c_int, c_void};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

const DONE: c_int = 0;
const PENDING: c_int = 1;
const TRAP: c_int = 2;

pub static HOST: Host = Host {
    print_to_terminal,
    our,
    get_on_exit,
    set_on_exit,
    get_state,
    set_state,
    clear_state,
    spawn,
    save_capabilities,
    drop_capabilities,
    our_capabilities,
    receive,
    has_blob,
    get_blob,
    last_blob,
    send_requests,
    send_response,
    send_and_await_response,
    trap_reason,
    output,
    wake,
    release_waker,
};

unsafe fn world<'a>(process: *mut c_void) -> &'a mut World {
    unsafe { &mut *process.cast() }
}

pub fn string(text: Text) -> String {
    String::from_utf8(unsafe { text.0.as_slice() }.to_vec()).unwrap()
}

pub fn text(text: &str) -> Text {
    Text(Bytes::of(text.as_bytes()))
}

fn id(id: &ProcessId) -> String {
    let names = [id.process_name, id.package_name, id.publisher_node];
    names.map(string).join(":")
}

pub fn address(name: &'static str) -> Address {
    let process = ProcessId {
        process_name: text(name),
        package_name: text("package"),
        publisher_node: text("publisher.os"),
    };
    Address { node: text("node.os"), process }
}

/// Decides what a call answers before it does anything: wait, trap, or go on (None).
fn verdict(world: &mut World, name: &'static str, repeated: bool) -> Option<c_int> {
    world.repeated += usize::from(repeated);
    if world.refused == name {
        return Some(TRAP);
    }
    let times = world.pending.get_mut(name)?;
    *times = times.checked_sub(1)?;
    world.told_to_wait = true;
    Some(PENDING)
}

/// Keeps a call's arguments when it must wait: there are none the next time.
macro_rules! go_on {
    ($world:expr, $name:literal, $repeated:expr) => {
        if let Some(code) = verdict($world, $name, $repeated) {
            return code;
        }
    };
}

unsafe extern "C" fn print_to_terminal(process: *mut c_void, verbosity: u8, message: Text) {
    unsafe { world(process) }.printed.push((verbosity, string(message)));
}

unsafe extern "C" fn our(_: *mut c_void, out: *mut Address) {
    unsafe { *out = address("our") };
}

unsafe extern "C" fn get_on_exit(process: *mut c_void, out: *mut OnExit) {
    unsafe { (*out).kind = world(process).on_exit };
}

unsafe extern "C" fn set_on_exit(process: *mut c_void, on_exit: *const OnExit) -> c_int {
    let world = unsafe { world(process) };
    if let Some(on_exit) = unsafe { on_exit.as_ref() } {
        world.on_exit = on_exit.kind;
        for out in unsafe { on_exit.requests.as_slice() } {
            world.sent.push(unsafe { sent(out) });
        }
    }
    go_on!(world, "set_on_exit", on_exit.is_null());
    DONE
}

unsafe extern "C" fn get_state(process: *mut c_void, out: *mut Optional<Bytes>) -> c_int {
    let world = unsafe { world(process) };
    go_on!(world, "get_state", false);
    unsafe { *out = world.state.as_deref().map(Bytes::of).into() };
    DONE
}

unsafe extern "C" fn set_state(process: *mut c_void, bytes: *const Bytes) -> c_int {
    let world = unsafe { world(process) };
    if let Some(bytes) = unsafe { bytes.as_ref() } {
        world.state = Some(unsafe { bytes.as_slice() }.to_vec());
    }
    go_on!(world, "set_state", bytes.is_null());
    DONE
}

unsafe extern "C" fn clear_state(process: *mut c_void) -> c_int {
    let world = unsafe { world(process) };
    go_on!(world, "clear_state", false);
    world.state = None;
    DONE
}

unsafe extern "C" fn spawn(
    process: *mut c_void,
    spawn: *const Spawn,
    out: *mut SpawnResult,
) -> c_int {
    let world = unsafe { world(process) };
    if let Some(spawn) = unsafe { spawn.as_ref() } {
        let name = spawn.name.get().map_or("-".to_owned(), string);
        let grants = unsafe { spawn.grants.as_slice() };
        let grants: Vec<_> =
            grants.iter().map(|grant| id(&grant.to) + &string(grant.params)).collect();
        world.spawned.push(format!(
            "{name} {} {} {} {} {}",
            string(spawn.wasm_path),
            spawn.on_exit.kind,
            spawn.request_capabilities.size,
            grants.join(","),
            spawn.is_public
        ));
    }
    go_on!(world, "spawn", spawn.is_null());
    let status = c_int::from(world.spawned.len() > 1);
    unsafe { *out = SpawnResult { status, child: address("child").process } };
    DONE
}

unsafe fn save(process: *mut c_void, items: Capabilities, sign: char) {
    for item in unsafe { items.as_slice() } {
        let issuer = id(&item.issuer.process);
        let line = format!("{sign}{}@{issuer} {}", string(item.issuer.node), string(item.params));
        unsafe { world(process) }.saved.push(line);
    }
}

unsafe extern "C" fn save_capabilities(process: *mut c_void, items: Capabilities) -> c_int {
    unsafe { save(process, items, '+') };
    go_on!(unsafe { world(process) }, "save_capabilities", items.size == 0);
    DONE
}

unsafe extern "C" fn drop_capabilities(process: *mut c_void, items: Capabilities) -> c_int {
    unsafe { save(process, items, '-') };
    DONE
}

unsafe extern "C" fn our_capabilities(process: *mut c_void, out: *mut Capabilities) {
    let world = unsafe { world(process) };
    world.capabilities =
        vec![Capability { issuer: address("issuer"), params: text("{\"a\":1}") }; 2];
    unsafe { *out = Slice::of(&world.capabilities) };
}

fn event(world: &mut World, mail: Mail, out: &mut Event) {
    world.current = mail;
    let mail = &world.current;
    world.capabilities.clear();
    if let Some(params) = &mail.capability {
        let params = Text(Bytes::of(params.as_bytes()));
        world.capabilities.push(Capability { issuer: address("issuer"), params });
    }
    out.kind = mail.kind;
    out.source = address("source");
    if !mail.source.is_empty() {
        out.source.process.process_name = Text(Bytes::of(mail.source.as_bytes()));
    }
    let body = Bytes::of(&mail.body);
    let metadata = mail.metadata.as_ref().map(|text| Text(Bytes::of(text.as_bytes()))).into();
    let capabilities = Slice::of(&world.capabilities);
    let request = Request {
        body,
        metadata,
        capabilities,
        timeout_seconds: mail.expects.unwrap_or(0),
        expects_response: mail.expects.is_some(),
        inherit: false,
    };
    out.request = request;
    out.response = Response { body, metadata, capabilities, inherit: false };
    out.context = mail.context.as_deref().map(Bytes::of).into();
    out.error_kind = 1;
    if let Some(bytes) = &mail.blob {
        world.blob = Blob { mime: Some(text("text/plain")).into(), bytes: Bytes::of(bytes) };
        out.error_blob = Pointer::new(&world.blob);
    }
}

unsafe extern "C" fn receive(process: *mut c_void, out: *mut Event) -> c_int {
    let world = unsafe { world(process) };
    go_on!(world, "receive", false);
    let Some(mail) = world.mail.pop_front() else {
        return PENDING;
    };
    event(world, mail, unsafe { &mut *out });
    DONE
}

unsafe extern "C" fn has_blob(process: *mut c_void) -> bool {
    unsafe { world(process) }.current.blob.is_some()
}

unsafe extern "C" fn get_blob(process: *mut c_void, out: *mut Blob) -> bool {
    let world = unsafe { world(process) };
    unsafe { *out = world.blob };
    world.current.blob.is_some()
}

unsafe extern "C" fn last_blob(_: *mut c_void, _: *mut Blob) -> bool {
    false
}

unsafe fn sent(out: &Outgoing) -> Mail {
    let blob = unsafe { out.blob.0.as_ref() };
    let capabilities = unsafe { out.request.capabilities.as_slice() };
    Mail {
        kind: 0,
        source: id(&out.target.process),
        body: unsafe { out.request.body.as_slice() }.to_vec(),
        metadata: out.request.metadata.get().map(string),
        context: out.context.get().map(|bytes| unsafe { bytes.as_slice() }.to_vec()),
        expects: out.request.expects_response.then_some(out.request.timeout_seconds),
        blob: blob.map(|blob| unsafe { blob.bytes.as_slice() }.to_vec()),
        capability: capabilities.first().map(|item| string(item.params)),
    }
}

unsafe extern "C" fn send_requests(
    process: *mut c_void,
    requests: *const Outgoing,
    count: usize,
) -> c_int {
    let world = unsafe { world(process) };
    for index in 0..count {
        world.sent.push(unsafe { sent(&*requests.add(index)) });
    }
    go_on!(world, "send_requests", requests.is_null());
    DONE
}

unsafe extern "C" fn send_response(
    process: *mut c_void,
    response: *const Response,
    blob: *const Blob,
) -> c_int {
    let world = unsafe { world(process) };
    if let Some(response) = unsafe { response.as_ref() } {
        world.responses.push(Mail {
            kind: 1,
            body: unsafe { response.body.as_slice() }.to_vec(),
            metadata: response.metadata.get().map(string),
            blob: unsafe { blob.as_ref() }.map(|blob| unsafe { blob.bytes.as_slice() }.to_vec()),
            ..Mail::default()
        });
    }
    go_on!(world, "send_response", response.is_null());
    DONE
}

unsafe extern "C" fn send_and_await_response(
    process: *mut c_void,
    request: *const Outgoing,
    out: *mut Event,
) -> c_int {
    let world = unsafe { world(process) };
    if let Some(request) = unsafe { request.as_ref() } {
        world.sent.push(unsafe { sent(request) });
    }
    go_on!(world, "send_and_await_response", request.is_null());
    let Some(mail) = world.mail.pop_front() else {
        return PENDING;
    };
    event(world, mail, unsafe { &mut *out });
    DONE
}

unsafe extern "C" fn trap_reason(_: *mut c_void) -> Bytes {
    Bytes::of(b"the host does not allow it")
}

unsafe extern "C" fn output(process: *mut c_void, stream: c_int, bytes: Bytes) {
    let text = String::from_utf8_lossy(unsafe { bytes.as_slice() }).into_owned();
    unsafe { world(process) }.output.push((stream, text));
}

unsafe extern "C" fn wake(waker: *mut c_void) {
    unsafe { &*waker.cast::<Wakes>() }.woken.fetch_add(1, SeqCst);
}

unsafe extern "C" fn release_waker(waker: *mut c_void) {
    let wakes = unsafe { Arc::from_raw(waker.cast::<Wakes>()) };
    wakes.released.fetch_add(1, SeqCst);
}
