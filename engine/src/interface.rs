//! The records and variants of `wit/kinode.wit` whose form differs from their C one, and the ways
//! between the two.

use crate::ffi::{self, Address, Blob, Bytes, Capabilities, Optional, Pointer, ProcessId, Text};
use wasmtime::component::{ComponentType, Lift, Lower};
use wasmtime::{Result, bail};

#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(record)]
pub struct Request {
    inherit: bool,
    #[component(name = "expects-response")]
    expects_response: Option<u64>,
    body: Bytes,
    metadata: Optional<Text>,
    capabilities: Capabilities,
}

#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(record)]
pub struct Response {
    inherit: bool,
    body: Bytes,
    metadata: Optional<Text>,
    capabilities: Capabilities,
}

#[derive(Clone, Copy, ComponentType, Lower)]
#[component(variant)]
pub enum Message {
    #[component(name = "request")]
    Request(Request),
    #[component(name = "response")]
    Response((Response, Optional<Bytes>)),
}

#[derive(Clone, Copy, ComponentType, Lower)]
#[component(enum)]
#[repr(u8)]
pub enum SendErrorKind {
    #[component(name = "offline")]
    Offline,
    #[component(name = "timeout")]
    Timeout,
}

#[derive(Clone, Copy, ComponentType, Lower)]
#[component(record)]
pub struct SendError {
    kind: SendErrorKind,
    target: Address,
    message: Message,
    #[component(name = "lazy-load-blob")]
    lazy_load_blob: Option<Blob>,
}

#[derive(Clone, ComponentType, Lift, Lower)]
#[component(variant)]
pub enum OnExit {
    #[component(name = "none")]
    None,
    #[component(name = "restart")]
    Restart,
    #[component(name = "requests")]
    Requests(Vec<(Address, Request, Option<Blob>)>),
}

#[derive(Clone, Copy, ComponentType, Lower)]
#[component(enum)]
#[repr(u8)]
pub enum SpawnError {
    #[component(name = "name-taken")]
    NameTaken,
    #[component(name = "no-file-at-path")]
    NoFileAtPath,
}

/// What `receive` yields.
pub type Received = std::result::Result<(Address, Message), (SendError, Optional<Bytes>)>;
/// What `send-and-await-response` yields.
pub type Awaited = std::result::Result<(Address, Message), SendError>;
pub type Spawned = std::result::Result<ProcessId, SpawnError>;

impl From<Request> for ffi::Request {
    fn from(request: Request) -> Self {
        ffi::Request {
            body: request.body,
            metadata: request.metadata,
            capabilities: request.capabilities,
            timeout_seconds: request.expects_response.unwrap_or(0),
            expects_response: request.expects_response.is_some(),
            inherit: request.inherit,
        }
    }
}

impl From<ffi::Request> for Request {
    fn from(request: ffi::Request) -> Self {
        Request {
            inherit: request.inherit,
            expects_response: request.expects_response.then_some(request.timeout_seconds),
            body: request.body,
            metadata: request.metadata,
            capabilities: request.capabilities,
        }
    }
}

impl From<Response> for ffi::Response {
    fn from(response: Response) -> Self {
        ffi::Response {
            body: response.body,
            metadata: response.metadata,
            capabilities: response.capabilities,
            inherit: response.inherit,
        }
    }
}

impl From<ffi::Response> for Response {
    fn from(response: ffi::Response) -> Self {
        Response {
            inherit: response.inherit,
            body: response.body,
            metadata: response.metadata,
            capabilities: response.capabilities,
        }
    }
}

/// `blob` must stay in place for as long as the result is used.
pub fn outgoing(
    target: Address,
    request: Request,
    context: Optional<Bytes>,
    blob: &Option<Blob>,
) -> ffi::Outgoing {
    ffi::Outgoing { target, request: request.into(), context, blob: blob_pointer(blob) }
}

pub fn blob_pointer(blob: &Option<Blob>) -> Pointer<Blob> {
    blob.as_ref().map_or_else(Pointer::default, |blob| Pointer::new(blob))
}

impl ffi::Event {
    /// # Safety
    /// The event must be as `engine.h` describes it, its pointers good until the value is lowered.
    pub unsafe fn received(&self) -> Result<Received> {
        Ok(match self.kind {
            ffi::EVENT_SEND_ERROR => Err((unsafe { self.send_error() }?, self.context)),
            _ => Ok((self.source, self.message()?)),
        })
    }

    /// # Safety
    /// As for `received`.
    pub unsafe fn awaited(&self) -> Result<Awaited> {
        Ok(match self.kind {
            ffi::EVENT_SEND_ERROR => Err(unsafe { self.send_error() }?),
            _ => Ok((self.source, self.message()?)),
        })
    }

    fn message(&self) -> Result<Message> {
        match self.kind {
            ffi::EVENT_REQUEST => Ok(Message::Request(self.request.into())),
            ffi::EVENT_RESPONSE => Ok(Message::Response((self.response.into(), self.context))),
            kind => bail!("the node handed out an event of the unknown kind {kind}"),
        }
    }

    unsafe fn send_error(&self) -> Result<SendError> {
        let message = if self.error_message_is_response {
            Message::Response((self.response.into(), Optional::default()))
        } else {
            Message::Request(self.request.into())
        };
        let kind = match self.error_kind {
            ffi::OFFLINE => SendErrorKind::Offline,
            _ => SendErrorKind::Timeout,
        };
        let lazy_load_blob = unsafe { self.error_blob.0.as_ref() }.copied();
        Ok(SendError { kind, target: self.source, message, lazy_load_blob })
    }
}

impl OnExit {
    /// The messages in their C form; they point into `self`.
    pub fn outgoing(&self) -> Vec<ffi::Outgoing> {
        match self {
            OnExit::None | OnExit::Restart => Vec::new(),
            OnExit::Requests(requests) => requests
                .iter()
                .map(|(target, request, blob)| {
                    outgoing(*target, *request, Optional::default(), blob)
                })
                .collect(),
        }
    }

    /// The C form, with the messages that `outgoing` made.
    pub fn view(&self, requests: &[ffi::Outgoing]) -> ffi::OnExit {
        let kind = match self {
            OnExit::None => ffi::ON_EXIT_NONE,
            OnExit::Restart => ffi::ON_EXIT_RESTART,
            OnExit::Requests(_) => ffi::ON_EXIT_REQUESTS,
        };
        ffi::OnExit { kind, requests: ffi::Slice::of(requests) }
    }

    /// # Safety
    /// The pointers must be good until the value is lowered.
    pub unsafe fn from_view(view: &ffi::OnExit) -> OnExit {
        match view.kind {
            ffi::ON_EXIT_RESTART => OnExit::Restart,
            ffi::ON_EXIT_REQUESTS => OnExit::Requests(
                unsafe { view.requests.as_slice() }
                    .iter()
                    .map(|out| {
                        let blob = unsafe { out.blob.0.as_ref() }.copied();
                        (out.target, out.request.into(), blob)
                    })
                    .collect(),
            ),
            _ => OnExit::None,
        }
    }
}

impl ffi::SpawnResult {
    pub fn spawned(&self) -> Spawned {
        match self.status {
            ffi::SPAWNED => Ok(self.child),
            ffi::SPAWN_NAME_TAKEN => Err(SpawnError::NameTaken),
            _ => Err(SpawnError::NoFileAtPath),
        }
    }
}
