//! Bounds what the guest may take: linear memory, tables, instances.

use crate::shared::Shared;
use std::fmt;
use std::sync::Arc;
use wasmtime::{Error, ResourceLimiter, Result};

// Real components have up to a few dozen core instances (Python's libraries), one or two memories
// and a table or two each. These bounds only stop a component made to exhaust the node.
const INSTANCES: usize = 256;
const MEMORIES: usize = 16;
const TABLES: usize = 256;

pub struct Limits {
    memory: Quota,
    tables: Quota,
    refused: Option<Refusal>,
    shared: Arc<Shared>,
}

/// A limit, what is used of it, and the step that was granted last, should it fail after all.
struct Quota {
    limit: u64,
    used: u64,
    granted: u64,
}

/// The growth that was refused, for the message when the guest gives up.
#[derive(Clone, Copy)]
enum Refusal {
    Memory { limit: u64, wanted: u64 },
    Table { limit: u64, wanted: u64 },
    NotPossible,
}

impl Quota {
    fn new(limit: u64) -> Self {
        Quota { limit, used: 0, granted: 0 }
    }

    /// Takes the growth, or tells what the total would have been.
    fn take(&mut self, current: usize, desired: usize) -> std::result::Result<(), u64> {
        let step = (desired - current) as u64;
        let wanted = self.used.saturating_add(step);
        if wanted > self.limit {
            self.granted = 0;
            return Err(wanted);
        }
        self.used = wanted;
        self.granted = step;
        Ok(())
    }

    fn give_back(&mut self) {
        self.used -= std::mem::take(&mut self.granted);
    }
}

impl Limits {
    pub fn new(memory_limit: u64, table_limit: u64, shared: Arc<Shared>) -> Self {
        let (memory, tables) = (Quota::new(memory_limit), Quota::new(table_limit));
        Limits { memory, tables, refused: None, shared }
    }

    /// The sentence about the last growth that was refused, if one was.
    pub fn refusal(&self) -> Option<String> {
        self.refused.map(|refusal| refusal.to_string())
    }
}

impl ResourceLimiter for Limits {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        let limit = self.memory.limit;
        if let Err(wanted) = self.memory.take(current, desired) {
            self.refused = Some(Refusal::Memory { limit, wanted });
            return Ok(false);
        }
        self.shared.set_memory(self.memory.used);
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _: Error) -> Result<()> {
        self.memory.give_back();
        self.shared.set_memory(self.memory.used);
        self.refused = Some(Refusal::NotPossible);
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        let limit = self.tables.limit;
        if let Err(wanted) = self.tables.take(current, desired) {
            self.refused = Some(Refusal::Table { limit, wanted });
            return Ok(false);
        }
        Ok(true)
    }

    fn table_grow_failed(&mut self, _: Error) -> Result<()> {
        self.tables.give_back();
        self.refused = Some(Refusal::NotPossible);
        Ok(())
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }

    fn tables(&self) -> usize {
        TABLES
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Memory { limit, wanted } => {
                let (limit, wanted) = (Size(*limit), Size(*wanted));
                write!(f, "out of memory: {wanted} wanted, the limit is {limit}")
            }
            Refusal::Table { limit, wanted } => {
                write!(f, "out of table elements: {wanted} wanted, the limit is {limit}")
            }
            Refusal::NotPossible => {
                write!(
                    f,
                    "out of memory: it could not grow beyond its own maximum or the machine's"
                )
            }
        }
    }
}

/// Bytes as a person reads them.
pub struct Size(pub u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const KIB: u64 = 1 << 10;
        const MIB: u64 = 1 << 20;
        match self.0 {
            bytes if bytes >= MIB && bytes.is_multiple_of(MIB) => write!(f, "{} MiB", bytes / MIB),
            bytes if bytes >= MIB => write!(f, "{:.1} MiB", bytes as f64 / MIB as f64),
            bytes if bytes >= KIB => write!(f, "{} KiB", bytes.div_ceil(KIB)),
            bytes => write!(f, "{bytes} bytes"),
        }
    }
}
