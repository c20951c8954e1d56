//! Small guests, written as core Wasm text and wrapped into a component that imports the whole
//! process interface.

const INTERFACE: &str = r#"
    (type $process-id' (record (field "process-name" string) (field "package-name" string)
      (field "publisher-node" string)))
    (export "process-id" (type $process-id (eq $process-id')))
    (type $address' (record (field "node" string) (field "process" $process-id)))
    (export "address" (type $address (eq $address')))
    (type $capability' (record (field "issuer" $address) (field "params" string)))
    (export "capability" (type $capability (eq $capability')))
    (type $blob' (record (field "mime" (option string)) (field "bytes" (list u8))))
    (export "lazy-load-blob" (type $blob (eq $blob')))
    (type $request' (record (field "inherit" bool) (field "expects-response" (option u64))
      (field "body" (list u8)) (field "metadata" (option string))
      (field "capabilities" (list $capability))))
    (export "request" (type $request (eq $request')))
    (type $response' (record (field "inherit" bool) (field "body" (list u8))
      (field "metadata" (option string)) (field "capabilities" (list $capability))))
    (export "response" (type $response (eq $response')))
    (type $message' (variant (case "request" $request)
      (case "response" (tuple $response (option (list u8))))))
    (export "message" (type $message (eq $message')))
    (type $on-exit' (variant (case "none") (case "restart")
      (case "requests" (list (tuple $address $request (option $blob))))))
    (export "on-exit" (type $on-exit (eq $on-exit')))
    (type $kind' (enum "offline" "timeout"))
    (export "send-error-kind" (type $kind (eq $kind')))
    (type $send-error' (record (field "kind" $kind) (field "target" $address)
      (field "message" $message) (field "lazy-load-blob" (option $blob))))
    (export "send-error" (type $send-error (eq $send-error')))
    (type $spawn-error' (enum "name-taken" "no-file-at-path"))
    (export "spawn-error" (type $spawn-error (eq $spawn-error')))
    (export "print-to-terminal" (func (param "verbosity" u8) (param "message" string)))
    (export "our" (func (result $address)))
    (export "get-on-exit" (func (result $on-exit)))
    (export "set-on-exit" (func (param "on-exit" $on-exit)))
    (export "get-state" (func (result (option (list u8)))))
    (export "set-state" (func (param "bytes" (list u8))))
    (export "clear-state" (func))
    (export "spawn" (func (param "name" (option string)) (param "wasm-path" string)
      (param "on-exit" $on-exit) (param "request-capabilities" (list $capability))
      (param "grant-capabilities" (list (tuple $process-id string))) (param "public" bool)
      (result (result $process-id (error $spawn-error)))))
    (export "save-capabilities" (func (param "caps" (list $capability))))
    (export "drop-capabilities" (func (param "caps" (list $capability))))
    (export "our-capabilities" (func (result (list $capability))))
    (export "receive" (func (result (result (tuple $address $message)
      (error (tuple $send-error (option (list u8))))))))
    (export "has-blob" (func (result bool)))
    (export "get-blob" (func (result (option $blob))))
    (export "last-blob" (func (result (option $blob))))
    (export "send-request" (func (param "target" $address) (param "request" $request)
      (param "context" (option (list u8))) (param "lazy-load-blob" (option $blob))))
    (export "send-requests" (func (param "requests"
      (list (tuple $address $request (option (list u8)) (option $blob))))))
    (export "send-response" (func (param "response" $response)
      (param "lazy-load-blob" (option $blob))))
    (export "send-and-await-response" (func (param "target" $address) (param "request" $request)
      (param "lazy-load-blob" (option $blob))
      (result (result (tuple $address $message) (error $send-error)))))
"#;

/// The functions and their core types. `PN` stands for N parameters of type i32.
const FUNCTIONS: [(&str, &str); 19] = [
    ("print-to-terminal", "P3"),
    ("our", "P1"),
    ("get-on-exit", "P1"),
    ("set-on-exit", "P3"),
    ("get-state", "P1"),
    ("set-state", "P2"),
    ("clear-state", "P0"),
    ("spawn", "P14"),
    ("save-capabilities", "P2"),
    ("drop-capabilities", "P2"),
    ("our-capabilities", "P1"),
    ("receive", "P1"),
    ("has-blob", "P0 R"),
    ("get-blob", "P1"),
    ("last-blob", "P1"),
    ("send-request", "P1"),
    ("send-requests", "P2"),
    ("send-response", "P14"),
    ("send-and-await-response", "P2"),
];

/// Memory and an allocator that only ever goes forward, from 64 KiB, until it is reset.
const LIBC: &str = r#"
  (core module $libc
    (memory (export "memory") 4)
    (global $next (mut i32) (i32.const 65536))
    (func (export "reset") (global.set $next (i32.const 65536)))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (block $fits
        (br_if $fits (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
        (br_if $fits (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))
        unreachable)
      (local.get $at)))
  (core instance $libc (instantiate $libc))
"#;

/// The parts of WASI that the tests use, of the version `@V`.
const WASI: &str = r#"
  (import "wasi:io/error@V" (instance $io-error (export "error" (type (sub resource)))))
  (alias export $io-error "error" (type $error))
  (import "wasi:io/poll@V" (instance $poll
    (export "pollable" (type $pollable (sub resource)))
    (export "[method]pollable.block" (func (param "self" (borrow $pollable))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:io/streams@V" (instance $streams
    (export "output-stream" (type $stream (sub resource)))
    (alias outer 1 $error (type $error'))
    (export "error" (type $error (eq $error')))
    (type $failure' (variant (case "last-operation-failed" (own $error)) (case "closed")))
    (export "stream-error" (type $failure (eq $failure')))
    (export "[method]output-stream.blocking-write-and-flush" (func
      (param "self" (borrow $stream)) (param "contents" (list u8))
      (result (result (error $failure)))))))
  (alias export $streams "output-stream" (type $stream))
  (import "wasi:cli/stdout@V" (instance $cli-stdout
    (alias outer 1 $stream (type $stream'))
    (export "output-stream" (type $stream (eq $stream')))
    (export "get-stdout" (func (result (own $stream))))))
  (import "wasi:cli/stderr@V" (instance $cli-stderr
    (alias outer 1 $stream (type $stream'))
    (export "output-stream" (type $stream (eq $stream')))
    (export "get-stderr" (func (result (own $stream))))))
  (import "wasi:cli/exit@V" (instance $cli-exit
    (export "exit" (func (param "status" (result))))))
  (import "wasi:cli/environment@V" (instance $cli-environment
    (export "get-environment" (func (result (list (tuple string string)))))))
  (import "wasi:clocks/monotonic-clock@V" (instance $clock
    (alias outer 1 $pollable (type $pollable'))
    (export "pollable" (type $pollable (eq $pollable')))
    (export "subscribe-duration" (func (param "when" u64) (result (own $pollable))))))
  (import "wasi:filesystem/types@V" (instance $files
    (export "descriptor" (type $descriptor (sub resource)))
    (type $code' (enum "access" "would-block" "already" "bad-descriptor" "busy" "deadlock" "quota"
      "exist" "file-too-large" "illegal-byte-sequence" "in-progress" "interrupted" "invalid" "io"
      "is-directory" "loop" "too-many-links" "message-size" "name-too-long" "no-device" "no-entry"
      "no-lock" "insufficient-memory" "insufficient-space" "not-directory" "not-empty"
      "not-recoverable" "unsupported" "no-tty" "no-such-device" "overflow" "not-permitted" "pipe"
      "read-only" "invalid-seek" "text-file-busy" "cross-device"))
    (export "error-code" (type $code (eq $code')))
    (export "[method]descriptor.create-directory-at" (func
      (param "self" (borrow $descriptor)) (param "path" string) (result (result (error $code)))))))
  (alias export $files "descriptor" (type $descriptor))
  (import "wasi:filesystem/preopens@V" (instance $preopens
    (alias outer 1 $descriptor (type $descriptor'))
    (export "descriptor" (type $descriptor (eq $descriptor')))
    (export "get-directories" (func (result (list (tuple (own $descriptor) string)))))))
"#;

/// Names in the core module, where they come from, and their core types.
const WASI_FUNCTIONS: [(&str, &str, &str, &str); 9] = [
    ("block", "poll", "[method]pollable.block", "(param i32)"),
    (
        "write",
        "streams",
        "[method]output-stream.blocking-write-and-flush",
        "(param i32 i32 i32 i32)",
    ),
    ("get-stdout", "cli-stdout", "get-stdout", "(result i32)"),
    ("get-stderr", "cli-stderr", "get-stderr", "(result i32)"),
    ("exit", "cli-exit", "exit", "(param i32)"),
    ("get-environment", "cli-environment", "get-environment", "(param i32)"),
    ("subscribe-duration", "clock", "subscribe-duration", "(param i64) (result i32)"),
    (
        "create-directory-at",
        "files",
        "[method]descriptor.create-directory-at",
        "(param i32 i32 i32 i32)",
    ),
    ("get-directories", "preopens", "get-directories", "(param i32)"),
];

fn core_type(code: &str) -> String {
    let (count, result) = match code.split_once(' ') {
        Some((count, _)) => (count, "(result i32)"),
        None => (code, ""),
    };
    let count: usize = count[1..].parse().unwrap();
    format!("(param {}) {result}", "i32 ".repeat(count))
}

/// How a guest is wrapped.
pub struct Wrap {
    /// The name under which it imports the process interface.
    pub interface: &'static str,
    /// How it encodes strings.
    pub encoding: &'static str,
    /// The version of WASI it imports, if any.
    pub wasi: Option<&'static str>,
    /// Text to put first into the component.
    pub extra: &'static str,
}

pub const WRAP: Wrap =
    Wrap { interface: "kinode:process/standard@1.0.0", encoding: "utf8", wasi: None, extra: "" };

/// A component whose `init` is the function `$init (param i32 i32)` in `body`. There, the functions
/// of the interface have their names, memory is imported, and the first 64 KiB are the body's.
pub fn guest(body: &str) -> Vec<u8> {
    WRAP.guest(body)
}

/// The same with parts of WASI to call.
pub fn wasi_guest(body: &str) -> Vec<u8> {
    Wrap { wasi: Some("0.2.2"), ..WRAP }.guest(body)
}

impl Wrap {
    pub fn guest(&self, body: &str) -> Vec<u8> {
        let Wrap { interface, encoding, wasi, extra } = self;
        let memory = "(memory (core memory $libc \"memory\"))";
        let options =
            format!("{memory} (realloc (core func $libc \"realloc\")) string-encoding={encoding}");
        let (mut lowered, mut exports, mut imports) = (String::new(), String::new(), String::new());
        let mut add = |name: &str, instance: &str, import: &str, ty: &str| {
            lowered += &format!(
                "(core func ${name} (canon lower (func ${instance} \"{import}\") {options}))\n"
            );
            exports += &format!("(export \"{name}\" (func ${name}))\n");
            imports += &format!("(import \"k\" \"{name}\" (func ${name} {ty}))\n");
        };
        for (name, code) in FUNCTIONS {
            add(name, "k", name, &core_type(code));
        }
        let mut wasi_imports = String::new();
        if let Some(version) = wasi {
            wasi_imports = WASI.replace("@V", &format!("@{version}"));
            for (name, instance, import, ty) in WASI_FUNCTIONS {
                add(name, instance, import, ty);
            }
        }
        let text = format!(
            r#"(component
  {extra}
  (import "{interface}" (instance $k {INTERFACE}))
  {wasi_imports}
  {LIBC}
  {lowered}
  (core module $main
    (import "libc" "memory" (memory 1))
    (import "libc" "reset" (func $reset))
    {imports}
    {body}
    (export "init" (func $init)))
  (core instance $main (instantiate $main
    (with "libc" (instance $libc)) (with "k" (instance {exports}))))
  (func (export "init") (param "our" string)
    (canon lift (core func $main "init") {options})))"#
        );
        wat::parse_str(text).expect("the guest's text is right")
    }
}
