//! Runs Kinode processes: Wasmtime behind the C interface of `include/engine.h`, which is the place
//! where the contract of every function here is written down.
//!
//! No panic leaves this crate: each function catches what could come up from Wasmtime and answers as
//! for a failure.

#![allow(clippy::missing_safety_doc)] // The header tells what callers must keep to.

mod component;
mod ending;
mod engine;
pub mod ffi;
mod host;
mod interface;
mod limits;
mod process;
mod shared;
mod stacks;
mod values;
mod views;
mod wasi;

use crate::component::{Component, Failure};
use crate::engine::Engine;
use crate::ffi::*;
use crate::process::Process;
use std::ffi::{OsStr, c_void};
use std::os::unix::ffi::OsStrExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::ptr;
use std::sync::Arc;

/// `kn_engine`.
pub struct EngineHandle(Arc<Engine>);

/// Runs `body`; None if it panicked.
fn caught<T>(body: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(body)).ok()
}

/// Hands the text to the caller, who may not want it.
unsafe fn tell(error: *mut OwnedText, text: &str) {
    if !error.is_null() {
        unsafe { error.write(OwnedText::new(text.as_bytes().to_vec())) };
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn kn_text_delete(text: OwnedText) {
    unsafe { text.free() };
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn kn_engine_new(
    options: &EngineOptions,
    error: *mut OwnedText,
) -> *mut EngineHandle {
    match caught(|| Engine::new(options)) {
        Some(Ok(engine)) => return Box::into_raw(Box::new(EngineHandle(Arc::new(engine)))),
        Some(Err(reason)) => unsafe { tell(error, &component::one_line(&format!("{reason:#}"))) },
        None => unsafe { tell(error, "engine fault while it was made") },
    }
    ptr::null_mut()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn kn_engine_delete(engine: *mut EngineHandle) {
    if !engine.is_null() {
        let handle = unsafe { Box::from_raw(engine) };
        caught(|| Engine::shut_down(handle.0));
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn kn_engine_tick(engine: &EngineHandle) {
    engine.0.tick();
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn kn_engine_compatibility_hash(engine: &EngineHandle) -> u64 {
    caught(|| engine.0.compatibility_hash()).unwrap_or(0)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn kn_component_inspect(wasm: Bytes) -> ComponentStatus {
    component::inspect(unsafe { wasm.as_slice() })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn kn_component_compile(
    engine: &EngineHandle,
    wasm: Bytes,
    out: *mut *mut Component,
    error: *mut OwnedText,
) -> ComponentStatus {
    let wasm = unsafe { wasm.as_slice() };
    let made = caught(|| Component::compile(&engine.0, wasm));
    unsafe { hand_out(made, ComponentStatus::Invalid, out, error) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn kn_component_serialize(component: &Component) -> OwnedText {
    let bytes = caught(|| component.serialize().unwrap_or_default());
    OwnedText::new(bytes.unwrap_or_default())
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn kn_component_load(
    engine: &EngineHandle,
    path: Bytes,
    out: *mut *mut Component,
    error: *mut OwnedText,
) -> ComponentStatus {
    let path = Path::new(OsStr::from_bytes(unsafe { path.as_slice() }));
    let made = caught(|| unsafe { Component::load(&engine.0, path) });
    unsafe { hand_out(made, ComponentStatus::Stale, out, error) }
}

/// Writes what a function made, or why it did not; a panic counts as `fault`.
unsafe fn hand_out(
    made: Option<Result<Component, Failure>>,
    fault: ComponentStatus,
    out: *mut *mut Component,
    error: *mut OwnedText,
) -> ComponentStatus {
    let made = made.unwrap_or_else(|| Err(Failure::new(fault, "engine fault")));
    match made {
        Ok(component) => {
            unsafe { out.write(Box::into_raw(Box::new(component))) };
            ComponentStatus::Ok
        }
        Err(failure) => {
            unsafe { tell(error, &failure.reason) };
            failure.status
        }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn kn_component_delete(component: *mut Component) {
    if !component.is_null() {
        caught(|| drop(unsafe { Box::from_raw(component) }));
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn kn_process_new(
    component: &Component,
    options: &ProcessOptions,
    host: &Host,
    process: *mut c_void,
    waker: *mut c_void,
) -> *mut Process {
    Box::into_raw(Box::new(unsafe { Process::new(component, options, host, process, waker) }))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn kn_process_poll(process: &mut Process) -> PollStatus {
    process.poll()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn kn_process_end(process: &Process) -> End {
    let Some(ending) = process.ending() else {
        let nothing = Bytes::default();
        return End { kind: EndKind::Trapped, message: nothing, backtrace: nothing };
    };
    End {
        kind: ending.kind,
        message: Bytes::of(ending.message.as_bytes()),
        backtrace: Bytes::of(ending.backtrace.as_bytes()),
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn kn_process_memory(process: &Process) -> u64 {
    process.memory()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn kn_process_delete(process: *mut Process) {
    if !process.is_null() {
        caught(|| drop(unsafe { Box::from_raw(process) }));
    }
}
