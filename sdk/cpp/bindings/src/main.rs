//! Two small jobs of a C++ guest's build, in one program so that one Cargo.lock pins both:
//!
//! * `kinode-bindings bindings WIT_FILE WORLD OUT_DIR` writes the C bindings of a world;
//! * `kinode-bindings adapter OUT_FILE` writes the adapter from WASI preview 1 to WASI 0.2.

use anyhow::{bail, Context, Result};
use std::{fs, path::Path};
use wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER;
use wit_bindgen_core::{wit_parser::Resolve, Files};

fn write_bindings(wit_file: &str, world: &str, out_dir: &Path) -> Result<()> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str(wit_file, &fs::read_to_string(wit_file)?)?;
    let world = resolve.select_world(package, Some(world))?;
    let mut files = Files::default();
    wit_bindgen_c::Opts::default().build().generate(&resolve, world, &mut files)?;

    fs::create_dir_all(out_dir)?;
    for (name, bytes) in files.iter() {
        // See Cargo.toml: the sign of a wit-parser that this compiler breaks.
        if String::from_utf8_lossy(bytes).contains("__aligned__(1)") {
            bail!("{name}: wrong alignment; wit-parser must be 0.220.1 or later");
        }
        fs::write(out_dir.join(name), bytes)?;
    }
    Ok(())
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["bindings", wit_file, world, out_dir] => {
            write_bindings(wit_file, world, Path::new(out_dir)).with_context(|| format!("bindings of {wit_file}"))
        }
        ["adapter", out] => fs::write(out, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER).context(out.to_owned()),
        _ => bail!("usage: kinode-bindings bindings WIT_FILE WORLD OUT_DIR | adapter OUT_FILE"),
    }
}
