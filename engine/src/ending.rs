//! How a process ended, told in one line, and where it was.

use crate::component::one_line;
use crate::engine::BACKTRACE_FRAMES;
use crate::ffi::EndKind;
use crate::host::HostRefused;
use crate::limits::{Limits, Size};
use crate::stacks::NoStack;
use std::any::Any;
use std::collections::HashSet;
use wasmtime::{Error, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

const BACKTRACE_BYTES: usize = 16 << 10;
/// What Wasmtime says of a call that carries too much; the error's type is not public.
const CALL_LIMIT_SIGN: &str = "fuel allocated for hostcalls has been exhausted";

pub struct Ending {
    pub kind: EndKind,
    pub message: String,
    pub backtrace: String,
}

impl Ending {
    pub fn returned() -> Self {
        Ending::plain(EndKind::Returned, "the process returned")
    }

    /// A panic of this crate or of Wasmtime was caught.
    pub fn fault(panic: &(dyn Any + Send)) -> Self {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("a panic without a message");
        Ending::plain(EndKind::Trapped, &format!("engine fault: {}", one_line(text)))
    }

    fn plain(kind: EndKind, message: &str) -> Self {
        Ending { kind, message: message.to_owned(), backtrace: String::new() }
    }

    /// `started` tells whether the error came after the component was instantiated.
    pub fn of_error(error: &Error, started: bool, limits: &Limits, call_limit: u64) -> Self {
        let cause = one_line(&error.root_cause().to_string());
        let (kind, message) = if let Some(exit) = error.downcast_ref::<I32Exit>() {
            (EndKind::Exited, format!("the process exited with status {}", exit.0))
        } else if let Some(HostRefused(reason)) = error.downcast_ref() {
            (EndKind::HostRefused, one_line(reason))
        } else if let Some(Trap::StackOverflow) = error.downcast_ref() {
            (EndKind::StackOverflow, "the process used up its stack".to_owned())
        } else if let Some(refusal) = limits.refusal()
            && is_giving_up(error, started)
        {
            (EndKind::OutOfMemory, refusal)
        } else if cause.contains(CALL_LIMIT_SIGN) {
            let limit = Size(call_limit);
            (EndKind::Trapped, format!("one call carried more than the limit of {limit}"))
        } else if let Some(trap) = error.downcast_ref::<Trap>() {
            let text = trap.to_string();
            (EndKind::Trapped, text.strip_prefix("wasm trap: ").unwrap_or(&text).to_owned())
        } else if started && !error.is::<NoStack>() {
            (EndKind::Trapped, cause)
        } else {
            (EndKind::NotStarted, cause)
        };
        let backtrace = error.downcast_ref().map(frames).unwrap_or_default();
        if let Some(Trap::MemoryOutOfBounds) = error.downcast_ref()
            && kind == EndKind::Trapped
            && is_recursion(&backtrace)
        {
            let message = "the process used up its stack in memory".to_owned();
            return Ending { kind: EndKind::StackOverflow, message, backtrace };
        }
        Ending { kind, message, backtrace }
    }
}

/// The guest's functions, innermost first, a line each.
fn frames(backtrace: &WasmBacktrace) -> String {
    let mut text = String::new();
    // Only Wasmtime's own form has the names demangled: `  0: 0x1f - module!function`.
    for line in backtrace.to_string().lines().skip(1).filter(|line| !line.starts_with("note:")) {
        let name = line.split_once(" - ").or(line.split_once(": ")).map_or(line, |(_, name)| name);
        let name = without_hash(name.trim()).replace(char::is_control, " ");
        if name.is_empty() {
            continue;
        }
        if text.len() + name.len() >= BACKTRACE_BYTES {
            break;
        }
        text.push_str(&name);
        text.push('\n');
    }
    text
}

/// Whether this can be what a guest does that was refused memory: it aborts, writes through the null
/// pointer, or does not even start.
fn is_giving_up(error: &Error, started: bool) -> bool {
    use Trap::{MemoryOutOfBounds, TableOutOfBounds, UnreachableCodeReached};
    match error.downcast_ref() {
        Some(UnreachableCodeReached | MemoryOutOfBounds | TableOutOfBounds) => true,
        Some(_) => false,
        None => !started,
    }
}

/// A Rust function's name without the hash that the compiler puts behind it.
fn without_hash(name: &str) -> &str {
    match name.rsplit_once("::h") {
        Some((start, hash)) if hash.len() == 16 && u64::from_str_radix(hash, 16).is_ok() => start,
        _ => name,
    }
}

/// Whether a full backtrace shows a few functions that call each other. Compiled languages keep a
/// second stack, in linear memory; running out of it shows as an access out of bounds.
fn is_recursion(backtrace: &str) -> bool {
    let names: HashSet<&str> = backtrace.lines().collect();
    backtrace.lines().count() == BACKTRACE_FRAMES && names.len() <= BACKTRACE_FRAMES / 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_hash() {
        assert_eq!(without_hash("m!a::b::h0123456789abcdef"), "m!a::b");
        assert_eq!(without_hash("m!a::b::high"), "m!a::b::high");
    }

    #[test]
    fn recursion_is_told_from_depth() {
        let lines = |distinct: usize, count: usize| {
            (0..count).map(|index| format!("f{}\n", index % distinct)).collect::<String>()
        };
        assert!(is_recursion(&lines(3, BACKTRACE_FRAMES)));
        assert!(!is_recursion(&lines(3, BACKTRACE_FRAMES - 1)));
        assert!(!is_recursion(&lines(40, BACKTRACE_FRAMES)));
    }

    #[test]
    fn a_panic_is_told() {
        let told = |panic: &(dyn Any + Send)| Ending::fault(panic).message;
        assert_eq!(told(&"a\nb"), "engine fault: a b");
        assert_eq!(told(&"c".to_owned()), "engine fault: c");
        assert_eq!(told(&1), "engine fault: a panic without a message");
    }
}
