//! Components: judged, compiled, linked, saved and loaded.

use crate::engine::{Engine, Layout};
use crate::ffi::ComponentStatus;
use crate::process::State;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{self, ComponentExportIndex, InstancePre, Type};

/// The names under which the node offers the process interface.
pub const INTERFACES: [&str; 2] =
    ["kinode:process/standard@1.0.0", "hyperware:process/standard@1.0.0"];

const INIT: &str = "init";
const MAGIC: &[u8] = b"\0asm";
const CORE_LAYER: &[u8] = &[1, 0, 0, 0];

/// A component with its imports resolved, ready to be started any number of times.
pub struct Component {
    pub engine: Arc<Engine>,
    roomy: Linked,
    dense: OnceLock<Option<Linked>>,
}

/// What a process is started from, in one of the engine's layouts.
#[derive(Clone)]
pub struct Linked {
    pub pre: InstancePre<State>,
    pub init: ComponentExportIndex,
}

/// Why there is no component, as a status and a sentence.
pub struct Failure {
    pub status: ComponentStatus,
    pub reason: String,
}

type Outcome<T> = Result<T, Failure>;

impl Failure {
    pub fn new(status: ComponentStatus, reason: impl Into<String>) -> Self {
        Failure { status, reason: reason.into() }
    }

    /// All causes of the error, on one line.
    fn from_error(status: ComponentStatus, error: &wasmtime::Error) -> Self {
        Failure::new(status, one_line(&format!("{error:#}")))
    }
}

/// Judges the first bytes.
pub fn inspect(wasm: &[u8]) -> ComponentStatus {
    match wasm.strip_prefix(MAGIC) {
        None => ComponentStatus::NotWasm,
        Some(rest) if rest.starts_with(CORE_LAYER) => ComponentStatus::CoreModule,
        Some(rest) if rest.len() < CORE_LAYER.len() => ComponentStatus::NotWasm,
        Some(_) => ComponentStatus::Ok,
    }
}

impl Component {
    pub fn compile(engine: &Arc<Engine>, wasm: &[u8]) -> Outcome<Component> {
        match inspect(wasm) {
            ComponentStatus::Ok => {}
            ComponentStatus::CoreModule => {
                let reason = "this is a core module; a process must be a component";
                return Err(Failure::new(ComponentStatus::CoreModule, reason));
            }
            status => return Err(Failure::new(status, "this is not a Wasm file")),
        }
        let component = component::Component::from_binary(&engine.roomy.wasmtime, wasm)
            .map_err(|error| Failure::from_error(ComponentStatus::Invalid, &error))?;
        Component::new(engine, &component)
    }

    /// # Safety
    /// The file must be one that `serialize` made: what it holds is run as machine code.
    pub unsafe fn load(engine: &Arc<Engine>, path: &Path) -> Outcome<Component> {
        let wasmtime = &engine.roomy.wasmtime;
        let component = unsafe { component::Component::deserialize_file(wasmtime, path) }
            .map_err(|error| Failure::from_error(ComponentStatus::Stale, &error))?;
        Component::new(engine, &component)
    }

    fn new(engine: &Arc<Engine>, component: &component::Component) -> Outcome<Component> {
        let roomy = link(&engine.roomy, component)?;
        Ok(Component { engine: engine.clone(), roomy, dense: OnceLock::new() })
    }

    /// The first dense process of a component has it loaded once more, which takes a moment.
    pub fn linked(&self, dense: bool) -> &Linked {
        if !dense {
            return &self.roomy;
        }
        self.dense.get_or_init(|| self.load_dense()).as_ref().unwrap_or(&self.roomy)
    }

    fn load_dense(&self) -> Option<Linked> {
        let layout = self.engine.dense()?;
        let compiled = self.serialize().ok()?;
        // It was compiled by this very engine.
        let component =
            unsafe { component::Component::deserialize(&layout.wasmtime, compiled) }.ok()?;
        link(layout, &component).ok()
    }

    pub fn serialize(&self) -> wasmtime::Result<Vec<u8>> {
        self.roomy.pre.component().serialize()
    }
}

fn link(layout: &Layout, component: &component::Component) -> Outcome<Linked> {
    let init = find_init(component)?;
    let pre = layout
        .linker
        .instantiate_pre(component)
        .map_err(|error| Failure::from_error(ComponentStatus::UnknownImport, &error))?;
    Ok(Linked { pre, init })
}

fn find_init(component: &component::Component) -> Outcome<ComponentExportIndex> {
    let missing = |reason: &str| Failure::new(ComponentStatus::MissingInit, reason);
    let item = component.get_export(None, INIT);
    let Some((ComponentItem::ComponentFunc(function), index)) = item else {
        return Err(missing("the component does not export the function `init`"));
    };
    let takes_string = function.params().map(|(_, ty)| ty).eq([Type::String]);
    if !takes_string || function.results().len() != 0 {
        return Err(missing("the export `init` is not `func(our: string)`"));
    }
    Ok(index)
}

/// The text with its lines joined and its edges trimmed.
pub fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join(" ")
}
