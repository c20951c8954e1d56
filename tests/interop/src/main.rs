//! A peer that shares no code with the node, and the cases by which it checks one: README.md.

mod bench;
mod cases;
mod framing;
mod identity;
mod messages;
mod node;
mod noise;
mod peer;
mod problem;
mod router;
mod rpc;
mod shapes;

use std::path::PathBuf;
use std::time::Instant;

use bench::{Bench, Cases};
use node::Settings;

const USAGE: &str =
    "interop --node PROGRAM --packages FOLDER --component-cache FOLDER [--jobs N] [--list] [PART-OF-A-NAME...]

KINODE_INTEROP_NODE=PROGRAM  another program than --node; it is told of peers by messages to net:distro:sys";

struct Arguments {
    settings: Settings,
    jobs: usize,
    list: bool,
    wanted: Vec<String>,
}

fn arguments() -> Option<Arguments> {
    let mut settings =
        Settings { program: PathBuf::new(), packages: PathBuf::new(), component_cache: PathBuf::new(), foreign: false };
    let (mut jobs, mut list, mut wanted) = (6, false, Vec::new());
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--node" => settings.program = words.next()?.into(),
            "--packages" => settings.packages = words.next()?.into(),
            "--component-cache" => settings.component_cache = words.next()?.into(),
            "--jobs" => jobs = words.next()?.parse().ok()?,
            "--list" => list = true,
            word if word.starts_with('-') => return None,
            part => wanted.push(part.into()),
        }
    }
    if let Some(folder) = std::env::var_os("KINODE_TEST_PROGRAMS") {
        settings.program = PathBuf::from(folder).join("kinode");
    }
    if let Some(program) = std::env::var_os("KINODE_INTEROP_NODE") {
        settings.program = program.into();
        settings.foreign = true;
    }
    Some(Arguments { settings, jobs, list, wanted })
}

fn main() {
    let Some(Arguments { settings, jobs, list, wanted }) = arguments() else {
        eprintln!("{USAGE}");
        std::process::exit(2);
    };
    let mut cases = Cases::default();
    cases::all(&mut cases);
    let full = |case: &bench::Case| format!("{}.{}", case.group, case.name);
    cases.list.retain(|case| wanted.is_empty() || wanted.iter().any(|part| full(case).contains(part.as_str())));
    if list {
        cases.list.iter().for_each(|case| println!("{}", full(case)));
        return;
    }
    std::panic::set_hook(Box::new(|_| {}));

    let begin = Instant::now();
    let mut bench = Bench::new(settings);
    let outcomes = bench::run(&mut bench, &cases.list, jobs);
    if let Some(path) = std::env::var("GTEST_OUTPUT").ok().as_deref().and_then(|text| text.strip_prefix("xml:")) {
        if let Err(error) = std::fs::write(path, bench::report(&outcomes, begin.elapsed())) {
            eprintln!("{path}: {error}");
        }
    }
    drop(bench);
    let failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
    println!("{} passed, {failed} failed, {:.0} s", outcomes.len() - failed, begin.elapsed().as_secs_f64());
    std::process::exit(if failed > 0 || outcomes.is_empty() { 1 } else { 0 });
}
