//! The functions of the process interface, handed on to the host table.
//!
//! A function that can wait calls the host at once, while its arguments are still views of guest
//! memory. Only if the host says that the answer is not there yet does a future come into being; it
//! asks again, without the arguments, at each later poll.

use crate::ffi::*;
use crate::interface::{self, OnExit, Request, Response};
use crate::process::State;
use crate::values::scratch;
use std::ffi::c_int;
use std::fmt;
use std::future::{self, Future};
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll};
use wasmtime::component::LinkerInstance;
use wasmtime::{Result, StoreContextMut};

type Store<'a> = StoreContextMut<'a, State>;
type Reply<'a, R> = Box<dyn Future<Output = Result<R>> + Send + 'a>;

/// The process ends because a host function returned `KN_CALL_TRAP`.
#[derive(Debug)]
pub struct HostRefused(pub String);

impl fmt::Display for HostRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for HostRefused {}

fn refused(state: &State) -> wasmtime::Error {
    let reason = unsafe { (state.host.trap_reason)(state.process) };
    let reason = String::from_utf8_lossy(unsafe { reason.as_slice() });
    HostRefused(reason.into_owned()).into()
}

/// Success without a value. It has no size, so that a box of it takes no memory.
struct Done;

impl Future for Done {
    type Output = Result<()>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// How a host function is called again: with nothing but the place for its answer.
type Again<Out> = fn(&Host, HostProcess, &mut Out) -> c_int;
type Answer<Out, R> = fn(&Out) -> Result<R>;

/// Asks the host again at each poll until it has the answer.
struct Waiting<'a, Out, R> {
    store: Store<'a>,
    /// The host was asked in this very poll.
    asked: bool,
    again: Again<Out>,
    answer: Answer<Out, R>,
}

impl<Out: Default, R> Future for Waiting<'_, Out, R> {
    type Output = Result<R>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<R>> {
        let state = self.store.data();
        if self.asked {
            state.shared.set_in_wasi(false);
            self.asked = false;
            return Poll::Pending;
        }
        let mut out = Out::default();
        match (self.again)(&state.host, state.process, &mut out) {
            CALL_PENDING => Poll::Pending,
            CALL_DONE => {
                // The deadline is that of the poll in which the guest began to wait.
                self.store.set_epoch_deadline(1);
                Poll::Ready((self.answer)(&out))
            }
            _ => Poll::Ready(Err(refused(state))),
        }
    }
}

/// Makes a call that has an answer.
fn ask<'a, Out: Default + 'a, R: Send + 'a>(
    store: Store<'a>,
    first: impl FnOnce(&Host, HostProcess, &mut Out) -> c_int,
    again: Again<Out>,
    answer: Answer<Out, R>,
) -> Reply<'a, R> {
    let state = store.data();
    let mut out = Out::default();
    let code = first(&state.host, state.process, &mut out);
    scratch::clear();
    match code {
        CALL_DONE => Box::new(future::ready(answer(&out))),
        CALL_PENDING => Box::new(Waiting { store, asked: true, again, answer }),
        _ => Box::new(future::ready(Err(refused(state)))),
    }
}

/// Makes a call that has none.
fn tell<'a>(
    store: Store<'a>,
    first: impl FnOnce(&Host, HostProcess) -> c_int,
    again: Again<()>,
) -> Reply<'a, ()> {
    let state = store.data();
    let code = first(&state.host, state.process);
    scratch::clear();
    match code {
        CALL_DONE => Box::new(Done),
        CALL_PENDING => Box::new(Waiting { store, asked: true, again, answer: |()| Ok(()) }),
        _ => Box::new(future::ready(Err(refused(state)))),
    }
}

type Linker<'a> = LinkerInstance<'a, State>;

pub fn add_to_linker(linker: &mut Linker<'_>) -> Result<()> {
    add_process(linker)?;
    add_capabilities(linker)?;
    add_receiving(linker)?;
    add_sending(linker)
}

fn add_process(linker: &mut Linker<'_>) -> Result<()> {
    linker.func_wrap("print-to-terminal", |store: Store, (verbosity, text): (u8, Text)| {
        let state = store.data();
        unsafe { (state.host.print_to_terminal)(state.process, verbosity, text) };
        scratch::clear();
        Ok(())
    })?;
    linker.func_wrap("our", |store: Store, ()| {
        let state = store.data();
        let mut our = Address::default();
        unsafe { (state.host.our)(state.process, &mut our) };
        Ok((our,))
    })?;
    linker.func_wrap("get-on-exit", |store: Store, ()| {
        let state = store.data();
        let mut on_exit = crate::ffi::OnExit::default();
        unsafe { (state.host.get_on_exit)(state.process, &mut on_exit) };
        Ok((unsafe { OnExit::from_view(&on_exit) },))
    })?;
    linker.func_wrap_async("set-on-exit", |store: Store, (on_exit,): (OnExit,)| {
        let requests = on_exit.outgoing();
        let view = on_exit.view(&requests);
        tell(
            store,
            |host, process| unsafe { (host.set_on_exit)(process, &view) },
            |host, process, ()| unsafe { (host.set_on_exit)(process, ptr::null()) },
        )
    })?;
    linker.func_wrap_async("get-state", |store: Store, ()| {
        let call: Again<Optional<Bytes>> =
            |host, process, out| unsafe { (host.get_state)(process, out) };
        ask(store, call, call, |state| Ok((*state,)))
    })?;
    linker.func_wrap_async("set-state", |store: Store, (bytes,): (Bytes,)| {
        tell(
            store,
            |host, process| unsafe { (host.set_state)(process, &bytes) },
            |host, process, ()| unsafe { (host.set_state)(process, ptr::null()) },
        )
    })?;
    linker.func_wrap_async("clear-state", |store: Store, ()| {
        tell(
            store,
            |host, process| unsafe { (host.clear_state)(process) },
            |host, process, ()| unsafe { (host.clear_state)(process) },
        )
    })?;
    linker.func_wrap_async("spawn", |store: Store, arguments: SpawnArguments| {
        let (name, wasm_path, on_exit, request_capabilities, grants, is_public) = arguments;
        let requests = on_exit.outgoing();
        let grants: Vec<Grant> =
            grants.iter().map(|(to, params)| Grant { to: *to, params: *params }).collect();
        let spawn = Spawn {
            name,
            wasm_path,
            on_exit: on_exit.view(&requests),
            request_capabilities,
            grants: Slice::of(&grants),
            is_public,
        };
        ask(
            store,
            |host, process, out| unsafe { (host.spawn)(process, &spawn, out) },
            |host, process, out: &mut SpawnResult| unsafe {
                (host.spawn)(process, ptr::null(), out)
            },
            |result| Ok((result.spawned(),)),
        )
    })
}

type SpawnArguments = (Optional<Text>, Text, OnExit, Capabilities, Vec<(ProcessId, Text)>, bool);

fn add_capabilities(linker: &mut Linker<'_>) -> Result<()> {
    linker.func_wrap_async("save-capabilities", |store: Store, (items,): (Capabilities,)| {
        tell(
            store,
            |host, process| unsafe { (host.save_capabilities)(process, items) },
            |host, process, ()| unsafe { (host.save_capabilities)(process, Slice::default()) },
        )
    })?;
    linker.func_wrap_async("drop-capabilities", |store: Store, (items,): (Capabilities,)| {
        tell(
            store,
            |host, process| unsafe { (host.drop_capabilities)(process, items) },
            |host, process, ()| unsafe { (host.drop_capabilities)(process, Slice::default()) },
        )
    })?;
    linker.func_wrap("our-capabilities", |store: Store, ()| {
        let state = store.data();
        let mut items = Capabilities::default();
        unsafe { (state.host.our_capabilities)(state.process, &mut items) };
        Ok((items,))
    })
}

fn add_receiving(linker: &mut Linker<'_>) -> Result<()> {
    linker.func_wrap_async("receive", |store: Store, ()| {
        let call: Again<Event> = |host, process, out| unsafe { (host.receive)(process, out) };
        ask(store, call, call, |event| Ok((unsafe { event.received() }?,)))
    })?;
    linker.func_wrap("has-blob", |store: Store, ()| {
        let state = store.data();
        Ok((unsafe { (state.host.has_blob)(state.process) },))
    })?;
    linker.func_wrap("get-blob", |store: Store, ()| {
        let state = store.data();
        let mut blob = Blob::default();
        let present = unsafe { (state.host.get_blob)(state.process, &mut blob) };
        Ok((present.then_some(blob),))
    })?;
    linker.func_wrap("last-blob", |store: Store, ()| {
        let state = store.data();
        let mut blob = Blob::default();
        let present = unsafe { (state.host.last_blob)(state.process, &mut blob) };
        Ok((present.then_some(blob),))
    })
}

type Sending = (Address, Request, Optional<Bytes>, Option<Blob>);

fn send_again(host: &Host, process: HostProcess, _: &mut ()) -> c_int {
    unsafe { (host.send_requests)(process, ptr::null(), 0) }
}

fn add_sending(linker: &mut Linker<'_>) -> Result<()> {
    linker.func_wrap_async("send-request", |store: Store, arguments: Sending| {
        let (target, request, context, blob) = arguments;
        let out = interface::outgoing(target, request, context, &blob);
        let first = |host: &Host, process| unsafe { (host.send_requests)(process, &out, 1) };
        tell(store, first, send_again)
    })?;
    linker.func_wrap_async("send-requests", |store: Store, (requests,): (Vec<Sending>,)| {
        let all: Vec<Outgoing> = requests
            .iter()
            .map(|(target, request, context, blob)| {
                interface::outgoing(*target, *request, *context, blob)
            })
            .collect();
        let first = |host: &Host, process| unsafe {
            (host.send_requests)(process, all.as_ptr(), all.len())
        };
        tell(store, first, send_again)
    })?;
    linker.func_wrap_async(
        "send-response",
        |store: Store, (response, blob): (Response, Option<Blob>)| {
            let response = crate::ffi::Response::from(response);
            let blob = interface::blob_pointer(&blob);
            tell(
                store,
                |host, process| unsafe { (host.send_response)(process, &response, blob.0) },
                |host, process, ()| unsafe {
                    (host.send_response)(process, ptr::null(), ptr::null())
                },
            )
        },
    )?;
    linker.func_wrap_async(
        "send-and-await-response",
        |store: Store, (target, request, blob): (Address, Request, Option<Blob>)| {
            let out = interface::outgoing(target, request, Optional::default(), &blob);
            ask(
                store,
                |host, process, event| unsafe {
                    (host.send_and_await_response)(process, &out, event)
                },
                |host, process, event: &mut Event| unsafe {
                    (host.send_and_await_response)(process, ptr::null(), event)
                },
                |event| Ok((unsafe { event.awaited() }?,)),
            )
        },
    )
}
