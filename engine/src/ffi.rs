//! The types of `include/engine.h`, field for field.
//!
//! The plain values (`ProcessId`, `Address`, `Capability`, `Blob`) are at the same time the component
//! types of the process interface: `values.rs` teaches their parts to be read from and written to
//! guest memory in place, so no other form of them exists in this crate.

pub use crate::views::*;
use std::ffi::{c_int, c_void};
use std::mem::{offset_of, size_of};
use wasmtime::component::{ComponentType, Lift, Lower};

#[repr(C)]
#[derive(Clone, Copy, Default, ComponentType, Lift, Lower)]
#[component(record)]
pub struct ProcessId {
    #[component(name = "process-name")]
    pub process_name: Text,
    #[component(name = "package-name")]
    pub package_name: Text,
    #[component(name = "publisher-node")]
    pub publisher_node: Text,
}

#[repr(C)]
#[derive(Clone, Copy, Default, ComponentType, Lift, Lower)]
#[component(record)]
pub struct Address {
    pub node: Text,
    pub process: ProcessId,
}

#[repr(C)]
#[derive(Clone, Copy, Default, ComponentType, Lift, Lower)]
#[component(record)]
pub struct Capability {
    pub issuer: Address,
    pub params: Text,
}

pub type Capabilities = Slice<Capability>;

#[repr(C)]
#[derive(Clone, Copy, Default, ComponentType, Lift, Lower)]
#[component(record)]
pub struct Blob {
    pub mime: Optional<Text>,
    pub bytes: Bytes,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Request {
    pub body: Bytes,
    pub metadata: Optional<Text>,
    pub capabilities: Capabilities,
    pub timeout_seconds: u64,
    pub expects_response: bool,
    pub inherit: bool,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Response {
    pub body: Bytes,
    pub metadata: Optional<Text>,
    pub capabilities: Capabilities,
    pub inherit: bool,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Outgoing {
    pub target: Address,
    pub request: Request,
    pub context: Optional<Bytes>,
    pub blob: Pointer<Blob>,
}

pub const ON_EXIT_NONE: c_int = 0;
pub const ON_EXIT_RESTART: c_int = 1;
pub const ON_EXIT_REQUESTS: c_int = 2;

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct OnExit {
    pub kind: c_int,
    pub requests: Slice<Outgoing>,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Grant {
    pub to: ProcessId,
    pub params: Text,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Spawn {
    pub name: Optional<Text>,
    pub wasm_path: Text,
    pub on_exit: OnExit,
    pub request_capabilities: Capabilities,
    pub grants: Slice<Grant>,
    pub is_public: bool,
}

pub const SPAWNED: c_int = 0;
pub const SPAWN_NAME_TAKEN: c_int = 1;

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct SpawnResult {
    pub status: c_int,
    pub child: ProcessId,
}

pub const EVENT_REQUEST: c_int = 0;
pub const EVENT_RESPONSE: c_int = 1;
pub const EVENT_SEND_ERROR: c_int = 2;
pub const OFFLINE: c_int = 0;

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Event {
    pub kind: c_int,
    pub source: Address,
    pub request: Request,
    pub response: Response,
    pub context: Optional<Bytes>,
    pub error_kind: c_int,
    pub error_message_is_response: bool,
    pub error_blob: Pointer<Blob>,
}

pub const CALL_DONE: c_int = 0;
pub const CALL_PENDING: c_int = 1;

/// The process as its host knows it: handed back with every call, never looked into.
pub type HostProcess = *mut c_void;

/// `kn_host`, the table of everything a process may ask for.
#[repr(C)]
#[derive(Clone, Copy)]
#[rustfmt::skip]
pub struct Host {
    pub print_to_terminal: unsafe extern "C" fn(HostProcess, u8, Text),
    pub our: unsafe extern "C" fn(HostProcess, *mut Address),
    pub get_on_exit: unsafe extern "C" fn(HostProcess, *mut OnExit),
    pub set_on_exit: unsafe extern "C" fn(HostProcess, *const OnExit) -> c_int,
    pub get_state: unsafe extern "C" fn(HostProcess, *mut Optional<Bytes>) -> c_int,
    pub set_state: unsafe extern "C" fn(HostProcess, *const Bytes) -> c_int,
    pub clear_state: unsafe extern "C" fn(HostProcess) -> c_int,
    pub spawn: unsafe extern "C" fn(HostProcess, *const Spawn, *mut SpawnResult) -> c_int,
    pub save_capabilities: unsafe extern "C" fn(HostProcess, Capabilities) -> c_int,
    pub drop_capabilities: unsafe extern "C" fn(HostProcess, Capabilities) -> c_int,
    pub our_capabilities: unsafe extern "C" fn(HostProcess, *mut Capabilities),
    pub receive: unsafe extern "C" fn(HostProcess, *mut Event) -> c_int,
    pub has_blob: unsafe extern "C" fn(HostProcess) -> bool,
    pub get_blob: unsafe extern "C" fn(HostProcess, *mut Blob) -> bool,
    pub last_blob: unsafe extern "C" fn(HostProcess, *mut Blob) -> bool,
    pub send_requests: unsafe extern "C" fn(HostProcess, *const Outgoing, usize) -> c_int,
    pub send_response: unsafe extern "C" fn(HostProcess, *const Response, *const Blob) -> c_int,
    pub send_and_await_response: unsafe extern "C" fn(HostProcess, *const Outgoing, *mut Event) -> c_int,
    pub trap_reason: unsafe extern "C" fn(HostProcess) -> Bytes,
    pub output: unsafe extern "C" fn(HostProcess, c_int, Bytes),
    pub wake: unsafe extern "C" fn(*mut c_void),
    pub release_waker: unsafe extern "C" fn(*mut c_void),
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct EngineOptions {
    pub memory_reservation: u64,
    pub memory_guard: u64,
    pub memory_growth: u64,
    pub wasm_stack: usize,
    pub fiber_stack: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct ProcessOptions {
    pub our: Text,
    pub memory_limit: u64,
    pub table_limit: u64,
    pub call_limit: u64,
    pub tmp: Optional<Text>,
    pub dense: bool,
}

/// `kn_component_status`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComponentStatus {
    Ok,
    NotWasm,
    CoreModule,
    Invalid,
    UnknownImport,
    MissingInit,
    Stale,
}

/// `kn_poll`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollStatus {
    Waiting,
    Yielded,
    Ended,
}

/// `kn_end_kind`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndKind {
    Returned,
    Exited,
    Trapped,
    OutOfMemory,
    StackOverflow,
    HostRefused,
    NotStarted,
}

/// `kn_end`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct End {
    pub kind: EndKind,
    pub message: Bytes,
    pub backtrace: Bytes,
}

/// `kn_text`: memory of this crate that the caller gives back.
#[repr(C)]
pub struct OwnedText {
    pub data: *mut u8,
    pub size: usize,
}

impl OwnedText {
    pub fn new(bytes: Vec<u8>) -> Self {
        let size = bytes.len();
        if size == 0 {
            return OwnedText { data: std::ptr::null_mut(), size };
        }
        OwnedText { data: Box::into_raw(bytes.into_boxed_slice()).cast(), size }
    }

    /// # Safety
    /// `self` must come from `new`, and be freed once.
    pub unsafe fn free(self) {
        if !self.data.is_null() {
            let bytes = std::ptr::slice_from_raw_parts_mut(self.data, self.size);
            drop(unsafe { Box::from_raw(bytes) });
        }
    }
}

// The layout of engine.h on a 64-bit machine. For C++ the header asserts the same sizes.
const _: () = {
    assert!(size_of::<usize>() == 8, "the interface is laid out for 64-bit machines");
    assert!(size_of::<Bytes>() == 16 && size_of::<Text>() == 16);
    assert!(size_of::<Optional<Bytes>>() == 24 && offset_of!(Optional<Bytes>, present) == 16);
    assert!(size_of::<ProcessId>() == 48 && size_of::<Address>() == 64);
    assert!(size_of::<Capability>() == 80 && size_of::<Capabilities>() == 16);
    assert!(size_of::<Blob>() == 40 && offset_of!(Blob, bytes) == 24);
    assert!(size_of::<Request>() == 72 && offset_of!(Request, inherit) == 65);
    assert!(size_of::<Response>() == 64 && offset_of!(Response, inherit) == 56);
    assert!(size_of::<Outgoing>() == 168 && offset_of!(Outgoing, blob) == 160);
    assert!(size_of::<OnExit>() == 24 && offset_of!(OnExit, requests) == 8);
    assert!(size_of::<Grant>() == 64);
    assert!(size_of::<Spawn>() == 104 && offset_of!(Spawn, is_public) == 96);
    assert!(size_of::<SpawnResult>() == 56 && offset_of!(SpawnResult, child) == 8);
    assert!(size_of::<Event>() == 248 && offset_of!(Event, context) == 208);
    assert!(offset_of!(Event, error_message_is_response) == 236);
    assert!(size_of::<Host>() == 22 * 8);
    assert!(size_of::<EngineOptions>() == 40);
    assert!(size_of::<ProcessOptions>() == 72 && offset_of!(ProcessOptions, tmp) == 40);
    assert!(size_of::<End>() == 40 && size_of::<OwnedText>() == 16);
    assert!(size_of::<ComponentStatus>() == 4 && size_of::<EndKind>() == 4);
};
