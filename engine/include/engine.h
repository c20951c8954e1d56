// The Wasm engine: Wasmtime behind a C interface. The only boundary between C++ and Rust.
//
// What it does: compiles components that import `kinode:process/standard@1.0.0` (or the same under
// the name `hyperware:process/standard@1.0.0`) and WASI 0.2, and runs each process as a future on a
// fiber of its own that the caller polls from any thread. It owns no scheduler and decides nothing:
// every call of a guest is handed to the host table `kn_host`.
//
// Threads. An engine and a component may be used from any thread. A process is polled by one thread
// at a time; polls may move between threads. Host functions are called on the polling thread, inside
// `kn_process_poll`. `kn_host.wake` and `kn_host.release_waker` are called on any thread.
//
// Stacks. Host functions run on the stack of the process that called: they have at least what
// `fiber_stack` leaves beside `wasm_stack`, and no more. They must not throw.
//
// Memory. Everything passed to a host function belongs to the caller and is valid until that
// function returns: copy what must stay. Everything a host function hands out through an out
// parameter must stay valid until the next host call of the same process, or its deletion.
// Strings are UTF-8 and not zero-terminated; a guest that uses UTF-16 is translated, an invalid string
// traps.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct kn_engine kn_engine;
typedef struct kn_component kn_component;
typedef struct kn_process kn_process;

// A view of bytes or text. `data` is only meaningful when `size` is not 0.
typedef struct kn_bytes {
  const uint8_t* data;
  size_t size;
} kn_bytes;

typedef struct kn_optional_bytes {
  kn_bytes value;
  bool present;
} kn_optional_bytes;

// A string that the engine allocated; give it back with `kn_text_delete`. Where the engine writes one
// through a pointer it does so on failure only, and the pointer may be null.
typedef struct kn_text {
  char* data;
  size_t size;
} kn_text;
void kn_text_delete(kn_text text);

// ---- values of the process interface (wit/kinode.wit) ------------------------------------------

typedef struct kn_process_id {
  kn_bytes process_name;
  kn_bytes package_name;
  kn_bytes publisher_node;
} kn_process_id;

typedef struct kn_address {
  kn_bytes node;
  kn_process_id process;
} kn_address;

typedef struct kn_capability {
  kn_address issuer;
  kn_bytes params;
} kn_capability;

typedef struct kn_capabilities {
  const kn_capability* data;
  size_t size;
} kn_capabilities;

typedef struct kn_blob {
  kn_optional_bytes mime;
  kn_bytes bytes;
} kn_blob;

typedef struct kn_request {
  kn_bytes body;
  kn_optional_bytes metadata;
  kn_capabilities capabilities;
  uint64_t timeout_seconds;  // meaningful when expects_response
  bool expects_response;
  bool inherit;
} kn_request;

typedef struct kn_response {
  kn_bytes body;
  kn_optional_bytes metadata;
  kn_capabilities capabilities;
  bool inherit;
} kn_response;

// One request on its way out. `blob` is null where there is none.
typedef struct kn_outgoing {
  kn_address target;
  kn_request request;
  kn_optional_bytes context;
  const kn_blob* blob;
} kn_outgoing;

typedef enum kn_on_exit_kind { KN_ON_EXIT_NONE, KN_ON_EXIT_RESTART, KN_ON_EXIT_REQUESTS } kn_on_exit_kind;

typedef struct kn_on_exit {
  kn_on_exit_kind kind;
  const kn_outgoing* requests;  // without contexts; for KN_ON_EXIT_REQUESTS
  size_t request_count;
} kn_on_exit;

typedef struct kn_grant {
  kn_process_id to;
  kn_bytes params;
} kn_grant;

typedef struct kn_spawn {
  kn_optional_bytes name;
  kn_bytes wasm_path;
  kn_on_exit on_exit;
  kn_capabilities request_capabilities;
  const kn_grant* grants;
  size_t grant_count;
  bool is_public;
} kn_spawn;

typedef enum kn_spawn_status { KN_SPAWNED, KN_SPAWN_NAME_TAKEN, KN_SPAWN_NO_FILE_AT_PATH } kn_spawn_status;

typedef struct kn_spawn_result {
  kn_spawn_status status;
  kn_process_id child;  // for KN_SPAWNED
} kn_spawn_result;

typedef enum kn_event_kind { KN_EVENT_REQUEST, KN_EVENT_RESPONSE, KN_EVENT_SEND_ERROR } kn_event_kind;
typedef enum kn_send_error_kind { KN_OFFLINE, KN_TIMEOUT } kn_send_error_kind;

// What `receive` and `send-and-await-response` yield.
//   request:    source, request
//   response:   source, response, context
//   send error: error_kind, source (= the target that was not reached), context, and the message
//               given back: request or response, by error_message_is_response; error_blob or null
typedef struct kn_event {
  kn_event_kind kind;
  kn_address source;
  kn_request request;
  kn_response response;
  kn_optional_bytes context;
  kn_send_error_kind error_kind;
  bool error_message_is_response;
  const kn_blob* error_blob;
} kn_event;

// ---- the host: what a process may ask for ------------------------------------------------------

typedef enum kn_call {
  KN_CALL_DONE,
  // The answer is not there yet: the process's poll returns KN_POLL_WAITING. At each later poll the
  // engine calls the same function again, with null (and 0) for every argument but `process` and
  // the out parameter, until it returns another value.
  KN_CALL_PENDING,
  // The process ends with the reason that `trap_reason` tells.
  KN_CALL_TRAP,
} kn_call;

// `process` is the pointer given to `kn_process_new`.
typedef struct kn_host {
  void (*print_to_terminal)(void* process, uint8_t verbosity, kn_bytes message);
  void (*our)(void* process, kn_address* out);

  void (*get_on_exit)(void* process, kn_on_exit* out);
  kn_call (*set_on_exit)(void* process, const kn_on_exit* on_exit);
  kn_call (*get_state)(void* process, kn_optional_bytes* out);
  kn_call (*set_state)(void* process, const kn_bytes* state);
  kn_call (*clear_state)(void* process);
  // `spawn` is null on the calls that follow KN_CALL_PENDING.
  kn_call (*spawn)(void* process, const kn_spawn* spawn, kn_spawn_result* out);

  kn_call (*save_capabilities)(void* process, kn_capabilities capabilities);
  kn_call (*drop_capabilities)(void* process, kn_capabilities capabilities);
  void (*our_capabilities)(void* process, kn_capabilities* out);

  kn_call (*receive)(void* process, kn_event* out);
  bool (*has_blob)(void* process);
  bool (*get_blob)(void* process, kn_blob* out);   // false: none
  bool (*last_blob)(void* process, kn_blob* out);  // false: none
  kn_call (*send_requests)(void* process, const kn_outgoing* requests, size_t count);
  kn_call (*send_response)(void* process, const kn_response* response, const kn_blob* blob);
  kn_call (*send_and_await_response)(void* process, const kn_outgoing* request, kn_event* out);

  kn_bytes (*trap_reason)(void* process);
  // The guest wrote to its standard output (1) or standard error (2).
  void (*output)(void* process, int stream, kn_bytes text);

  // The process should be polled again (a WASI timer or file operation finished). `waker` is the
  // pointer given to `kn_process_new`; it may be called until `release_waker`, which is called once
  // and may come after `kn_process_delete`.
  void (*wake)(void* waker);
  void (*release_waker)(void* waker);
} kn_host;

// ---- engine ------------------------------------------------------------------------------------

typedef struct kn_engine_options {
  // Address space reserved per linear memory, and its guard, in bytes. 4 GiB gives the fastest code
  // for up to about 10 000 processes; 0 keeps the map count flat for many more.
  uint64_t memory_reservation;
  uint64_t memory_guard;
  // Address space reserved behind a memory beyond its reservation, so that it is not copied at each
  // step of its growth. It costs a memory map; dense processes have none.
  uint64_t memory_growth;
  size_t wasm_stack;  // bytes a guest may use of its stack
  // Bytes of a process's stack, the guest's and the host's part: at least 128 KiB more than wasm_stack.
  size_t fiber_stack;
} kn_engine_options;

// Null on failure, with the reason in `error`.
kn_engine* kn_engine_new(const kn_engine_options* options, kn_text* error);
// All components and processes must be deleted before.
void kn_engine_delete(kn_engine* engine);
// One tick of pre-emption: a process that runs longer than one tick yields (KN_POLL_YIELDED).
void kn_engine_tick(const kn_engine* engine);
// Changes with anything that makes a compiled component unusable: version, target, settings.
uint64_t kn_engine_compatibility_hash(const kn_engine* engine);

typedef enum kn_component_status {
  KN_COMPONENT_OK,
  KN_COMPONENT_NOT_WASM,        // not the start of a Wasm file
  KN_COMPONENT_CORE_MODULE,     // a core module, not a component
  KN_COMPONENT_INVALID,         // does not validate or compile
  KN_COMPONENT_UNKNOWN_IMPORT,  // asks for what the node does not offer
  KN_COMPONENT_MISSING_INIT,    // no export `init: func(our: string)`
  KN_COMPONENT_STALE,           // a compiled file of another engine, or damaged
} kn_component_status;

// Judges the first bytes alone, at once: OK, NOT_WASM or CORE_MODULE.
kn_component_status kn_component_inspect(kn_bytes wasm);
// Compiles and links; takes seconds for large components, so not on a worker.
kn_component_status kn_component_compile(const kn_engine* engine, kn_bytes wasm, kn_component** out, kn_text* error);
// The compiled form, for a file that `kn_component_load` reads. Empty on failure.
kn_text kn_component_serialize(const kn_component* component);
// Loads a file written from `kn_component_serialize`. The file is trusted: it is machine code.
kn_component_status kn_component_load(const kn_engine* engine, kn_bytes path, kn_component** out, kn_text* error);
void kn_component_delete(kn_component* component);

// ---- process -----------------------------------------------------------------------------------

typedef struct kn_process_options {
  kn_bytes our;           // the text address given to `init`
  uint64_t memory_limit;  // bytes, all linear memories together
  uint64_t table_limit;   // elements, all tables together
  uint64_t call_limit;    // bytes one call may carry from the guest to the host
  kn_optional_bytes tmp;  // host folder that the guest sees as /tmp, named in TEMP_DIR
  bool dense;             // takes as few memory maps as can be, and grows slowly
} kn_process_options;

// The component may be deleted while its processes live. Nothing runs before the first poll. The
// options and the table are copied.
kn_process* kn_process_new(const kn_component* component, const kn_process_options* options, const kn_host* host,
                           void* process, void* waker);

typedef enum kn_poll {
  KN_POLL_WAITING,  // for a host function that said pending, or for `wake`
  KN_POLL_YIELDED,  // used up its slice: poll again when others have had their turn
  KN_POLL_ENDED,    // see `kn_process_end`; poll no more
} kn_poll;
kn_poll kn_process_poll(kn_process* process);

typedef enum kn_end_kind {
  KN_END_RETURNED,
  KN_END_EXITED,  // wasi:cli/exit
  KN_END_TRAPPED,
  KN_END_OUT_OF_MEMORY,   // trapped after a refused growth, or the limit was hit at the start
  KN_END_STACK_OVERFLOW,  // also of the stack in its memory, where deep recursion shows it
  KN_END_HOST_REFUSED,    // a host function returned KN_CALL_TRAP
  KN_END_NOT_STARTED,     // could not be instantiated
} kn_end_kind;

typedef struct kn_end {
  kn_end_kind kind;
  kn_bytes message;    // one line
  kn_bytes backtrace;  // guest frames, a line each, or empty
} kn_end;
// Valid after KN_POLL_ENDED, until the process is deleted.
kn_end kn_process_end(const kn_process* process);

// Bytes of linear memory in use. On any thread.
uint64_t kn_process_memory(const kn_process* process);
// Ends the process wherever it is and frees it. Not during its poll.
void kn_process_delete(kn_process* process);

#ifdef __cplusplus
}

// What engine/src/ffi.rs asserts too: both sides see the same 64-bit layout.
static_assert(sizeof(kn_bytes) == 16 && sizeof(kn_optional_bytes) == 24 && sizeof(kn_text) == 16);
static_assert(sizeof(kn_process_id) == 48 && sizeof(kn_address) == 64 && sizeof(kn_capability) == 80);
static_assert(sizeof(kn_blob) == 40 && sizeof(kn_request) == 72 && sizeof(kn_response) == 64);
static_assert(sizeof(kn_outgoing) == 168 && sizeof(kn_on_exit) == 24 && sizeof(kn_grant) == 64);
static_assert(sizeof(kn_spawn) == 104 && sizeof(kn_spawn_result) == 56 && sizeof(kn_event) == 248);
static_assert(sizeof(kn_host) == 176 && sizeof(kn_engine_options) == 40 && sizeof(kn_process_options) == 72);
static_assert(sizeof(kn_end) == 40 && sizeof(kn_call) == 4 && sizeof(bool) == 1);
static_assert(offsetof(kn_request, timeout_seconds) == 56 && offsetof(kn_response, inherit) == 56);
static_assert(offsetof(kn_outgoing, blob) == 160 && offsetof(kn_spawn, is_public) == 96);
static_assert(offsetof(kn_event, context) == 208 && offsetof(kn_event, error_blob) == 240);
#endif
