//! What WASI 0.2 offers a process: clocks, random numbers, its two outputs, the folder `/tmp`.
//! No arguments, no standard input, no network.

use crate::ffi::{Bytes, HostProcess};
use crate::process::State;
use std::ffi::c_int;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

const STDOUT: c_int = 1;
const STDERR: c_int = 2;
/// Streams, files, timers and the like that a process may hold at a time.
const RESOURCES: usize = 1024;
/// Bytes that a guest may write to an output in one call.
const WRITE: usize = 64 << 10;

pub struct Wasi {
    context: WasiCtx,
    table: ResourceTable,
}

impl Wasi {
    fn new(state: &State) -> Self {
        let output = |stream| Output { write: state.host.output, process: state.process, stream };
        let mut builder = WasiCtxBuilder::new();
        builder
            .stdout(output(STDOUT))
            .stderr(output(STDERR))
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false);
        // Without the folder the guest still runs: most never use it.
        if let Some(folder) = &state.tmp
            && builder.preopened_dir(folder, "/tmp", FsPerms::ReadWrite).is_ok()
        {
            builder.env("TEMP_DIR", "/tmp");
        }
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES);
        Wasi { context: builder.build(), table }
    }
}

impl WasiView for State {
    /// Every function of WASI begins here.
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.shared.set_in_wasi(true);
        if let Some(runtime) = self.engine.runtime() {
            // We are inside a poll, which leaves the runtime at its end.
            unsafe { self.shared.enter(runtime) };
        }
        if self.wasi.is_none() {
            self.wasi = Some(Box::new(Wasi::new(self)));
        }
        let wasi = self.wasi.as_mut().expect("just made");
        WasiCtxView { ctx: &mut wasi.context, table: &mut wasi.table }
    }
}

/// An output of the process. Writing never waits, so it needs no buffer.
#[derive(Clone, Copy)]
struct Output {
    write: unsafe extern "C" fn(HostProcess, c_int, Bytes),
    process: HostProcess,
    stream: c_int,
}

// The pointer is only used during calls of the guest, that is, during polls of its process.
unsafe impl Send for Output {}
unsafe impl Sync for Output {}

impl Output {
    fn put(&self, text: &[u8]) {
        if !text.is_empty() {
            unsafe { (self.write)(self.process, self.stream, Bytes::of(text)) };
        }
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(*self)
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(*self)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

#[wasmtime_wasi::async_trait]
impl OutputStream for Output {
    fn write(&mut self, bytes: bytes::Bytes) -> StreamResult<()> {
        self.put(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE)
    }
}

impl AsyncWrite for Output {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.put(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
