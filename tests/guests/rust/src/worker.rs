//! Does what an order in JSON says, by means of the public library for Rust, and answers in JSON:
//! `{"Ok":..}` or `{"Err":"why"}`. What is no order is answered with itself, its blob inherited.

use kinode_process_lib::kernel_types::{KernelCommand, KernelPrint, KernelPrintResponse, KernelResponse};
use kinode_process_lib::{
    await_message, call_init, get_blob, get_capability, get_typed_state, kv, println, set_state, spawn, timer, vfs,
    Address, Message, OnExit, Request, Response, SendErrorKind,
};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

wit_bindgen::generate!({
    path: "../../../wit",
    world: "process-v1",
});

const PATIENCE_S: u64 = 5;
/// The context of what is relayed.
const RELAYED: &[u8] = b"relayed";

#[derive(Deserialize)]
enum Order {
    /// Asks and awaits.
    Ask { to: String, body: String },
    /// Asks, and answers when the response or the error has come.
    Relay { to: String, body: String },
    Wait { ms: u64 },
    /// Adds one to a number in the state.
    Count,
    File { path: String, text: String },
    /// Opens a database of our own, and tells what it found there.
    Database { name: String },
    Spawn { wasm_path: String },
    /// How many processes the kernel knows, and whether we are one of them.
    Processes,
    Holds { issuer: String, params: String },
    OnExit { to: String, body: String },
    OnExitRestart,
    Panic { text: String },
}

#[derive(Serialize, Deserialize, Default)]
struct Saved {
    count: u64,
}

fn address(text: &str) -> Result<Address, String> {
    // The error's own text is endless.
    text.parse().map_err(|_| format!("no address: {text}"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn show(response: &Message) -> Value {
    let blob = get_blob().map(|blob| text(&blob.bytes));
    json!({"source": response.source().to_string(), "body": text(response.body()), "blob": blob})
}

fn show_error(kind: &SendErrorKind) -> String {
    format!("{kind:?}")
}

fn ask(to: &str, body: Vec<u8>) -> Result<Message, String> {
    Request::to(address(to)?)
        .body(body)
        .send_and_await_response(PATIENCE_S)
        .map_err(|error| error.to_string())?
        .map_err(|error| show_error(error.kind()))
}

/// Writes a file, reads it, and tells what it read.
fn write_and_read(path: &str, content: &str) -> Result<Value, String> {
    let show = |error: vfs::VfsError| error.to_string();
    let file = vfs::create_file(path, None).map_err(show)?;
    file.write(content.as_bytes()).map_err(show)?;
    let read = vfs::open_file(path, false, None).map_err(show)?.read().map_err(show)?;
    let size = vfs::metadata(path, None).map_err(show)?.len;
    Ok(json!({"text": text(&read), "size": size}))
}

/// Sets, gets and deletes, in a transaction and without one, and removes the database.
fn use_database(our: &Address, name: &str) -> Result<Value, String> {
    let work = || {
        let kv = kv::open::<String, u64>(our.package_id(), name, None)?;
        let (plain, in_transaction) = ("plain".to_string(), "in a transaction".to_string());
        kv.set(&plain, &1, None)?;
        let transaction = kv.begin_tx()?;
        kv.set(&in_transaction, &2, Some(transaction))?;
        let early = kv.get(&in_transaction).is_ok();
        kv.commit_tx(transaction)?;
        let sum = kv.get(&plain)? + kv.get(&in_transaction)?;
        kv.delete(&plain, None)?;
        let missing = kv.get(&plain).map_err(|error| error.to_string()).unwrap_err();
        let raw = kv::open_raw(our.package_id(), name, None)?;
        raw.set_raw(&[0, 255], b"bytes", None)?;
        let bytes = text(&raw.get_raw(&[0, 255])?);
        kv::remove_db(our.package_id(), name, None)?;
        let removed = kv.get(&plain).map_err(|error| error.to_string()).unwrap_err();
        Ok(json!({"early": early, "sum": sum, "missing": missing, "bytes": bytes, "removed": removed}))
    };
    let worked: Result<Value, Box<dyn std::error::Error + Send + Sync>> = work();
    worked.map_err(|error| error.to_string())
}

fn processes(our: &Address) -> Result<Value, String> {
    let command = serde_json::to_vec(&KernelCommand::Debug(KernelPrint::ProcessMap)).unwrap();
    let answer = ask("our@kernel:distro:sys", command)?;
    match serde_json::from_slice(answer.body()).map_err(|error| error.to_string())? {
        KernelResponse::Debug(KernelPrintResponse::ProcessMap(map)) => {
            Ok(json!({"count": map.len(), "us": map.contains_key(&our.process)}))
        }
        other => Err(format!("another answer: {other:?}")),
    }
}

/// What is to be answered now; none if it will be later.
fn carry_out(our: &Address, order: Order) -> Result<Option<Value>, String> {
    Ok(Some(match order {
        Order::Ask { to, body } => show(&ask(&to, body.into_bytes())?),
        Order::Relay { to, body } => {
            let request = Request::to(address(&to)?).body(body).context(RELAYED).expects_response(PATIENCE_S);
            request.send().map_err(|error| error.to_string())?;
            return Ok(None);
        }
        Order::Wait { ms } => {
            timer::set_and_await_timer(ms).map_err(|error| show_error(error.kind()))?;
            json!("waited")
        }
        Order::Count => {
            let mut saved = get_typed_state(|bytes| serde_json::from_slice::<Saved>(bytes)).unwrap_or_default();
            saved.count += 1;
            set_state(&serde_json::to_vec(&saved).unwrap());
            json!(saved.count)
        }
        Order::File { path, text } => write_and_read(&path, &text)?,
        Order::Database { name } => use_database(our, &name)?,
        Order::Spawn { wasm_path } => {
            let child = spawn(None, &wasm_path, OnExit::None, vec![], vec![], false);
            let child = child.map_err(|error| format!("{error:?}"))?;
            let child = Address::new(our.node(), child);
            show(&ask(&child.to_string(), b"?".to_vec())?)
        }
        Order::Processes => processes(our)?,
        Order::Holds { issuer, params } => json!(get_capability(&address(&issuer)?, &params).is_some()),
        Order::OnExit { to, body } => {
            let last_word = Request::to(address(&to)?).body(body);
            OnExit::Requests(vec![last_word]).set().map_err(|error| error.to_string())?;
            json!(OnExit::get().is_requests())
        }
        Order::OnExitRestart => {
            OnExit::Restart.set().map_err(|error| error.to_string())?;
            json!(OnExit::get().is_restart())
        }
        Order::Panic { text } => panic!("{text}"),
    }))
}

fn answer(result: Result<Value, String>) {
    let body = match result {
        Ok(value) => json!({"Ok": value}),
        Err(reason) => json!({"Err": reason}),
    };
    Response::new().body(body.to_string()).send().unwrap();
}

fn handle_request(our: &Address, request: &Message) {
    let Ok(order) = serde_json::from_slice::<Order>(request.body()) else {
        Response::new().inherit(true).body(request.body()).send().unwrap();
        return;
    };
    match carry_out(our, order) {
        Ok(Some(value)) => answer(Ok(value)),
        Ok(None) => {}
        Err(reason) => answer(Err(reason)),
    }
}

fn init(our: Address) {
    println!("{}: begun", our.process());
    loop {
        match await_message() {
            Ok(message) if message.is_request() => handle_request(&our, &message),
            Ok(response) if response.context() == Some(RELAYED) => answer(Ok(show(&response))),
            Ok(_) => {}
            Err(error) if error.context() == Some(RELAYED) => answer(Err(show_error(error.kind()))),
            Err(_) => {}
        }
    }
}

call_init!(init);
