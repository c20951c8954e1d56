//! Node: the program under test, in a process and a home of its own.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::identity::{key_of, Known, Person, Reach};
use crate::messages::{decode, encode, Identity, KnsUpdate, NetAction, NetResponse, NodeRouting};
use crate::problem::{During, Problem, Result};
use crate::rpc;

pub const INJECTOR: &str = "inject-kns:interop-kit:test.os";
pub const ECHO: &str = "echo:interop-kit:test.os";
/// Another, which one case alone asks.
pub const QUIET_ECHO: &str = "quiet-echo:interop-kit:test.os";
/// For scripts that end at once. The others are lent to one case at a time: a script keeps its actor busy.
pub const ACTOR: &str = "actor-0:interop-kit:test.os";
const ACTORS: usize = 8;
/// Holds no right to the network.
pub const UNCONNECTED: &str = "unconnected:interop-kit:test.os";

const START: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
pub struct Settings {
    pub program: PathBuf,
    /// The folder of built packages.
    pub packages: PathBuf,
    pub component_cache: PathBuf,
    /// Not the node of this repository: it takes identities by messages alone.
    pub foreign: bool,
}

/// How a node learns of others.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Source {
    Records,
    Messages,
}

#[derive(Default)]
struct Output {
    text: Mutex<(String, bool)>,
    changed: Condvar,
}

pub struct Node {
    child: Child,
    folder: PathBuf,
    output: Arc<Output>,
    pub http_port: u16,
    pub known: Known,
    source: Source,
    actors: Arc<Mutex<Vec<usize>>>,
}

/// A folder that nobody else has.
fn fresh_folder() -> PathBuf {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let name = format!("kinode-interop-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let folder = std::env::temp_dir().join(name);
    fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}

/// Later at each call.
fn issued() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs();
    now - 100_000 + NEXT.fetch_add(1, Ordering::Relaxed)
}

fn devnet_of(folder: &Path) -> PathBuf {
    folder.join("devnet")
}

fn write_record(folder: &Path, person: &Person, reach: &Reach) -> Result<()> {
    let path = devnet_of(folder).join(format!("{}.toml", person.name));
    let whole = path.with_extension("part");
    fs::write(&whole, person.record(reach, issued()))?;
    Ok(fs::rename(whole, path)?)
}

impl Node {
    pub fn start(settings: &Settings, name: &str, source: Source, more: &[&str]) -> Result<Node> {
        Node::start_among(settings, name, source, &[], more)
    }

    /// With records of others there before it starts.
    pub fn start_among(
        settings: &Settings,
        name: &str,
        source: Source,
        others: &[(&Person, Reach)],
        more: &[&str],
    ) -> Result<Node> {
        Node::launch(settings, name, source, others, &[], more)
    }

    fn launch(
        settings: &Settings,
        name: &str,
        source: Source,
        others: &[(&Person, Reach)],
        records: &[(&str, &str)],
        more: &[&str],
    ) -> Result<Node> {
        let source = if settings.foreign { Source::Messages } else { source };
        let folder = fresh_folder();
        let mut command = Command::new(&settings.program);
        command.arg(folder.join("home")).args([
            "--port",
            "0",
            "--fake-node-name",
            name,
            "--detached",
            "--verbosity",
            "2",
        ]);
        command.arg("--bootstrap").arg(settings.packages.join("interop-kit"));
        if !settings.foreign {
            fs::create_dir_all(devnet_of(&folder))?;
            command.arg("--devnet").arg(devnet_of(&folder)).arg("--component-cache").arg(&settings.component_cache);
        }
        if source == Source::Records {
            for (person, reach) in others {
                write_record(&folder, person, reach)?;
            }
        }
        for (other, record) in records {
            fs::write(devnet_of(&folder).join(format!("{other}.toml")), record)?;
        }
        command.args(more).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let output = Arc::new(Output::default());
        gather(child.stdout.take().expect("it is piped"), output.clone(), true);
        gather(child.stderr.take().expect("it is piped"), output.clone(), false);
        let known = Person::new(name).known(Reach::default());
        let actors = Arc::new(Mutex::new((1..ACTORS).collect()));
        let mut node = Node { child, folder, output, http_port: 0, known, source, actors };
        let line = node.wait_for("http://localhost:", START)?;
        let port = line.split("http://localhost:").nth(1).unwrap_or("");
        let port: String = port.chars().take_while(char::is_ascii_digit).collect();
        node.http_port = port.parse().map_err(|_| Problem::Wrong(format!("no port in `{line}`")))?;
        if source == Source::Messages {
            for (person, reach) in others {
                node.tell(person, reach)?;
            }
        }
        node.known = node.find_itself(name).during("how the node is reached")?;
        Ok(node)
    }

    /// With records of other nodes, as they wrote them.
    pub fn start_with(settings: &Settings, name: &str, records: &[(&str, &str)], more: &[&str]) -> Result<Node> {
        Node::launch(settings, name, Source::Records, &[], records, more)
    }

    /// Where its own record is.
    pub fn record_path(&self) -> PathBuf {
        devnet_of(&self.folder).join(format!("{}.toml", self.known.name))
    }

    /// Lets it know another node by that one's own record.
    pub fn tell_record(&self, other: &Node) -> Result<()> {
        let path = devnet_of(&self.folder).join(format!("{}.toml", other.known.name));
        let whole = path.with_extension("part");
        fs::copy(other.record_path(), &whole)?;
        fs::rename(whole, path)?;
        let end = Instant::now() + Duration::from_secs(10);
        while self.peer(&other.known.name)?.is_none() {
            crate::check!(Instant::now() < end, "{} does not take the record of {}", self.known.name, other.known.name);
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    fn find_itself(&self, name: &str) -> Result<Known> {
        if self.source == Source::Records {
            let path = devnet_of(&self.folder).join(format!("{name}.toml"));
            return Known::from_record(&fs::read_to_string(&path)?).during(&format!("{name}.toml"));
        }
        let identity = self.peer(name)?.ok_or("the node does not know itself")?;
        let reach = match identity.routing {
            NodeRouting::Routers(routers) => Reach { routers, ..Default::default() },
            NodeRouting::Direct(ip, ports) => {
                Reach { ip, tcp: ports.get("tcp").copied(), ws: ports.get("ws").copied(), routers: Vec::new() }
            }
        };
        Ok(Known { name: name.into(), key: key_of(&identity.networking_key)?, reach })
    }

    // ---- its knowledge of others ----

    /// Lets the node know a peer, and waits until it does.
    pub fn tell(&self, person: &Person, reach: &Reach) -> Result<()> {
        match self.source {
            Source::Records => write_record(&self.folder, person, reach)?,
            Source::Messages => {
                self.inject(&NetAction::KnsUpdate(person.update(reach)))?;
            }
        }
        let wanted = person.update(reach);
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            let known = self.peer(&person.name)?;
            if known.as_ref().is_some_and(|identity| is_same(identity, &wanted)) {
                return Ok(());
            }
            if Instant::now() > end {
                return Err(
                    format!("the node does not take {wanted:?}: it has {known:?}; it said:\n{}", self.said()).into()
                );
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// As a process with the capability that changes the registry.
    pub fn inject(&self, action: &NetAction) -> Result<()> {
        let answer = self.call(rpc::Call {
            process: INJECTOR.into(),
            blob: Some(encode(action)),
            expects: Some(10),
            ..Default::default()
        })?;
        crate::check!(answer.body == b"sent", "the injector says {answer:?}");
        Ok(())
    }

    /// The answer of net:distro:sys, as one of its own processes gets it, and its blob.
    pub fn ask_net(&self, action: &[u8], blob: Option<&str>) -> Result<(NetResponse, Option<Vec<u8>>)> {
        let answer = self.call(rpc::Call {
            process: INJECTOR.into(),
            body: blob.unwrap_or("").into(),
            blob: Some(action.to_vec()),
            metadata: Some(if blob.is_some() { "answered, with blob" } else { "answered" }.into()),
            expects: Some(10),
            ..Default::default()
        })?;
        crate::check!(answer.status == 200, "status {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
        Ok((decode(&answer.body).during("an answer of net:distro:sys")?, answer.blob))
    }

    pub fn peer(&self, name: &str) -> Result<Option<Identity>> {
        match self.ask_net(&encode(&NetAction::GetPeer(name.into())), None)?.0 {
            NetResponse::Peer(identity) => Ok(identity),
            other => Err(format!("GetPeer gives {other:?}").into()),
        }
    }

    // ---- its processes ----

    pub fn call(&self, call: rpc::Call) -> Result<rpc::Answer> {
        rpc::call(self.http_port, &call)
    }

    /// Has the node send a request to a peer and wait for the answer; on a thread of its own.
    pub fn request(
        &self,
        node: &str,
        process: &str,
        body: &str,
        expects: u64,
    ) -> thread::JoinHandle<Result<rpc::Answer>> {
        let call = rpc::Call {
            node: Some(node.into()),
            process: process.into(),
            body: body.into(),
            expects: Some(expects),
            ..Default::default()
        };
        let port = self.http_port;
        thread::spawn(move || rpc::call(port, &call))
    }

    /// An actor that nobody else has now.
    pub fn actor(&self) -> Actor {
        let end = Instant::now() + START;
        loop {
            if let Some(number) = self.actors.lock().expect("nobody panics with it").pop() {
                let id = format!("actor-{number}:interop-kit:test.os");
                return Actor { id, number, port: self.http_port, free: self.actors.clone() };
            }
            assert!(Instant::now() < end, "no actor is free");
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn at(&self, process: &str) -> String {
        self.known.at(process)
    }

    // ---- its own process ----

    pub fn running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    pub fn said(&self) -> String {
        self.output.text.lock().expect("nobody panics with it").0.clone()
    }

    /// The line in which it says so.
    pub fn wait_for(&self, text: &str, patience: Duration) -> Result<String> {
        let end = Instant::now() + patience;
        let mut said = self.output.text.lock().expect("nobody panics with it");
        loop {
            if let Some(start) = said.0.find(text) {
                if let Some(size) = said.0[start..].find('\n') {
                    return Ok(said.0[start..start + size].to_string());
                }
            }
            let left = end.saturating_duration_since(Instant::now());
            if said.1 || left.is_zero() {
                return Err(format!("the node does not say `{text}`; it said:\n{}", said.0).into());
            }
            said = self.output.changed.wait_timeout(said, left).expect("nobody panics with it").0;
        }
    }
}

/// A process that does what scripts say (tests/guests); given back with its object.
pub struct Actor {
    pub id: String,
    number: usize,
    port: u16,
    free: Arc<Mutex<Vec<usize>>>,
}

impl Actor {
    /// What the steps give; within 15 s.
    pub fn act(&self, steps: serde_json::Value) -> Result<Vec<serde_json::Value>> {
        let call = rpc::Call {
            process: self.id.clone(),
            body: serde_json::json!({ "steps": steps }).to_string(),
            expects: Some(14),
            ..Default::default()
        };
        let answer = rpc::call(self.port, &call)?;
        let told: Option<serde_json::Value> = serde_json::from_slice(&answer.body).ok();
        let results = told.as_ref().and_then(|told| told["results"].as_array());
        results.cloned().ok_or_else(|| format!("the actor gives {}", String::from_utf8_lossy(&answer.body)).into())
    }

    /// The same on a thread of its own.
    pub fn start(self, steps: serde_json::Value) -> thread::JoinHandle<Result<Vec<serde_json::Value>>> {
        thread::spawn(move || self.act(steps))
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        self.free.lock().expect("nobody panics with it").push(self.number);
    }
}

fn is_same(identity: &Identity, wanted: &KnsUpdate) -> bool {
    let routing = match wanted.ips.first() {
        Some(ip) => NodeRouting::Direct(ip.clone(), wanted.ports.clone()),
        None => NodeRouting::Routers(wanted.routers.clone()),
    };
    let key = identity.networking_key.trim_start_matches("0x").to_lowercase();
    identity.name == wanted.name && key == wanted.public_key.trim_start_matches("0x") && identity.routing == routing
}

fn gather(mut from: impl Read + Send + 'static, output: Arc<Output>, is_last: bool) {
    thread::spawn(move || {
        let mut part = [0; 16_384];
        loop {
            let size = from.read(&mut part).unwrap_or(0);
            let mut said = output.text.lock().expect("nobody panics with it");
            said.0.push_str(&String::from_utf8_lossy(&part[..size]));
            said.1 |= size == 0 && is_last;
            output.changed.notify_all();
            if size == 0 {
                return;
            }
        }
    });
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        let end = Instant::now() + Duration::from_secs(10);
        while self.running() && Instant::now() < end {
            thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
