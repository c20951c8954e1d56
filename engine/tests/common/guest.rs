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

/// Memory and an allocator that only ever goes forward, from 64 KiB.
const LIBC: &str = r#"
  (core module $libc
    (memory (export "memory") 4)
    (global $next (mut i32) (i32.const 65536))
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

fn core_type(code: &str) -> String {
    let (count, result) = match code.split_once(' ') {
        Some((count, _)) => (count, "(result i32)"),
        None => (code, ""),
    };
    let count: usize = count[1..].parse().unwrap();
    format!("(param {}) {result}", "i32 ".repeat(count))
}

/// A component whose `init` is the function `$init (param i32 i32)` in `body`. There, the functions
/// of the interface have their names, memory is imported, and the first 64 KiB are the body's.
pub fn guest(body: &str) -> Vec<u8> {
    guest_of("kinode:process/standard@1.0.0", "utf8", body)
}

/// The same with another name of the interface and another encoding of strings.
pub fn guest_of(interface: &str, encoding: &str, body: &str) -> Vec<u8> {
    let (mut lowered, mut exports, mut imports) = (String::new(), String::new(), String::new());
    for (name, code) in FUNCTIONS {
        lowered += &format!(
            "(core func ${name} (canon lower (func $k \"{name}\") (memory $libc \"memory\")
               (realloc (func $libc \"realloc\")) string-encoding={encoding}))\n"
        );
        exports += &format!("(export \"{name}\" (func ${name}))\n");
        let ty = core_type(code);
        imports += &format!("(import \"k\" \"{name}\" (func ${name} {ty}))\n");
    }
    let text = format!(
        r#"(component
  (import "{interface}" (instance $k {INTERFACE}))
  {LIBC}
  {lowered}
  (core module $main
    (import "libc" "memory" (memory 1))
    {imports}
    {body}
    (export "init" (func $init)))
  (core instance $main (instantiate $main
    (with "libc" (instance $libc)) (with "k" (instance {exports}))))
  (func (export "init") (param "our" string) (canon lift (core func $main "init")
    (memory $libc "memory") (realloc (func $libc "realloc")) string-encoding={encoding})))"#
    );
    wat::parse_str(text).expect("the guest's text is right")
}
