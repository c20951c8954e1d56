//! What can go wrong between a peer and a node.

use std::fmt;

#[derive(Debug, Clone, PartialEq)]
pub enum Problem {
    /// The other side ended the connection.
    Closed,
    /// Nothing came in time.
    Late,
    /// Something came that should not have.
    Wrong(String),
}

pub type Result<T> = std::result::Result<T, Problem>;

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Problem::Closed => write!(out, "the connection was closed"),
            Problem::Late => write!(out, "nothing came in time"),
            Problem::Wrong(what) => write!(out, "{what}"),
        }
    }
}

impl From<String> for Problem {
    fn from(what: String) -> Self {
        Problem::Wrong(what)
    }
}

impl From<&str> for Problem {
    fn from(what: &str) -> Self {
        Problem::Wrong(what.into())
    }
}

impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind::*;
        match error.kind() {
            WouldBlock | TimedOut => Problem::Late,
            ConnectionReset | BrokenPipe | UnexpectedEof | ConnectionAborted | NotConnected => Problem::Closed,
            _ => Problem::Wrong(error.to_string()),
        }
    }
}

/// Says where it was, too.
pub trait During<T> {
    fn during(self, what: &str) -> Result<T>;
}

impl<T> During<T> for Result<T> {
    fn during(self, what: &str) -> Result<T> {
        self.map_err(|problem| Problem::Wrong(format!("{what}: {problem}")))
    }
}

/// Fails the case unless the condition holds.
#[macro_export]
macro_rules! check {
    ($condition:expr, $($what:tt)*) => {{
        let holds: bool = $condition;
        if !holds {
            return Err($crate::problem::Problem::Wrong(format!($($what)*)));
        }
    }};
}

/// Fails the case unless both are the same.
#[macro_export]
macro_rules! same {
    ($got:expr, $wanted:expr, $what:expr) => {
        match (&$got, &$wanted) {
            (got, wanted) if got != wanted => {
                let (got, wanted) = (format!("{got:?}"), format!("{wanted:?}"));
                let short = |text: String| text.chars().take(400).collect::<String>();
                return Err($crate::problem::Problem::Wrong(format!(
                    "{}: {} in place of {}",
                    $what,
                    short(got),
                    short(wanted)
                )));
            }
            _ => {}
        }
    };
}
