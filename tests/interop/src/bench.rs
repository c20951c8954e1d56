//! Bench: what cases share, how they are listed and run, and what is told of them.

use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use crate::framing::{Listener, Transport, BOTH};
use crate::identity::{Known, Person, Reach};
use crate::node::{Node, Settings, Source};
use crate::peer::Peer;
use crate::problem::Result;

pub struct Bench {
    pub settings: Settings,
    node: OnceLock<Node>,
    router: OnceLock<Node>,
    number: AtomicUsize,
}

impl Bench {
    pub fn new(settings: Settings) -> Bench {
        Bench { settings, node: OnceLock::new(), router: OnceLock::new(), number: AtomicUsize::new(0) }
    }

    /// The node that most cases share.
    pub fn node(&self) -> &Node {
        self.shared(&self.node, "node.os", &[])
    }

    /// One that passes connections on.
    pub fn router(&self) -> &Node {
        self.shared(&self.router, "router.os", &["--max-passthroughs", "10"])
    }

    fn shared<'a>(&self, cell: &'a OnceLock<Node>, name: &str, more: &[&str]) -> &'a Node {
        cell.get_or_init(|| {
            Node::start(&self.settings, name, Source::Records, more).unwrap_or_else(|problem| panic!("{problem}"))
        })
    }

    pub fn foreign(&self) -> bool {
        self.settings.foreign
    }

    /// Somebody whom no other case knows.
    pub fn person(&self, label: &str) -> Person {
        Person::new(&format!("{label}-{}.dev", self.number.fetch_add(1, Ordering::Relaxed)))
    }

    /// A peer that the shared node knows, connected to it.
    pub fn peer(&self, transport: Transport) -> Result<Peer> {
        let me = self.known_person(self.node(), "peer")?;
        Peer::connect(&me, &self.node().known, transport)
    }

    /// Somebody whom the node knows, and cannot reach.
    pub fn known_person(&self, node: &Node, label: &str) -> Result<Person> {
        let person = self.person(label);
        node.tell(&person, &Reach::refused())?;
        Ok(person)
    }

    /// Somebody whom the node can dial.
    pub fn listening_person(&self, node: &Node, transport: Transport) -> Result<(Person, Listener)> {
        let person = self.person("listener");
        let listener = Listener::open(transport);
        node.tell(&person, &reach(&listener))?;
        Ok((person, listener))
    }

    fn nodes(&mut self) -> Vec<&mut Node> {
        [&mut self.node, &mut self.router].into_iter().filter_map(OnceLock::get_mut).collect()
    }
}

pub fn reach(listener: &Listener) -> Reach {
    match listener.transport {
        Transport::Tcp => Reach::at(Some(listener.port), None),
        Transport::Ws => Reach::at(None, Some(listener.port)),
    }
}

pub fn known_at(person: &Person, listener: &Listener) -> Known {
    person.known(reach(listener))
}

type Run = Box<dyn Fn(&Bench) -> Result<()> + Send + Sync>;

pub struct Case {
    pub group: &'static str,
    pub name: String,
    run: Run,
}

/// The cases, in the order in which they are begun: those that wait long come first.
#[derive(Default)]
pub struct Cases {
    pub list: Vec<Case>,
    group: &'static str,
}

impl Cases {
    pub fn group(&mut self, name: &'static str) {
        self.group = name;
    }

    pub fn add(&mut self, name: &str, run: impl Fn(&Bench) -> Result<()> + Send + Sync + 'static) {
        self.list.push(Case { group: self.group, name: name.into(), run: Box::new(run) });
    }

    /// Over TCP and over WebSocket.
    pub fn both(&mut self, name: &str, run: impl Fn(&Bench, Transport) -> Result<()> + Send + Sync + Copy + 'static) {
        for transport in BOTH {
            self.add(&format!("{name}_{}", transport.name()), move |bench| run(bench, transport));
        }
    }
}

pub struct Outcome {
    pub name: String,
    pub group: &'static str,
    pub seconds: f64,
    pub failure: Option<String>,
}

fn run_one(bench: &Bench, case: &Case) -> Outcome {
    let begin = Instant::now();
    let failure = match catch_unwind(AssertUnwindSafe(|| (case.run)(bench))) {
        Ok(Ok(())) => None,
        Ok(Err(problem)) => Some(problem.to_string()),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            Some(text.or_else(|| panic.downcast_ref::<&str>().map(|text| text.to_string())).unwrap_or_default())
        }
    };
    let seconds = begin.elapsed().as_secs_f64();
    match &failure {
        None => println!("ok     {}.{} ({seconds:.2} s)", case.group, case.name),
        Some(why) => println!("FAILED {}.{} ({seconds:.2} s): {why}", case.group, case.name),
    }
    Outcome { name: case.name.clone(), group: case.group, seconds, failure }
}

/// Runs all; most of their time is waiting, so several run at once.
pub fn run(bench: &mut Bench, cases: &[Case], threads: usize) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    let shared = &*bench;
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = run_one(shared, case);
                    outcomes.lock().expect("outcomes are only pushed").push(outcome);
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().expect("outcomes are only pushed");
    for node in bench.nodes() {
        let failure = (!node.running()).then(|| format!("the node ended; it said:\n{}", node.said()));
        if let Some(why) = &failure {
            println!("FAILED Node.outlives_all: {why}");
        }
        outcomes.push(Outcome {
            name: format!("outlives_all_{}", node.known.name),
            group: "Node",
            seconds: 0.0,
            failure,
        });
    }
    outcomes
}

fn escaped(text: &str) -> String {
    let text: String = text.chars().map(|each| if each.is_control() && each != '\n' { '?' } else { each }).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The report that ./test counts cases by: the form of GoogleTest.
pub fn report(outcomes: &[Outcome], total: Duration) -> String {
    let failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{}\" failures=\"{failed}\" errors=\"0\" \
         time=\"{:.3}\" name=\"interop\">\n <testsuite name=\"interop\" tests=\"{}\" failures=\"{failed}\" errors=\"0\">\n",
        outcomes.len(),
        total.as_secs_f64(),
        outcomes.len()
    );
    for outcome in outcomes {
        let head = format!(
            "  <testcase classname=\"{}\" name=\"{}\" status=\"run\" result=\"completed\" time=\"{:.3}\"",
            outcome.group,
            escaped(&outcome.name),
            outcome.seconds
        );
        text += &match &outcome.failure {
            None => format!("{head}/>\n"),
            Some(why) => format!("{head}>\n   <failure message=\"{}\"/>\n  </testcase>\n", escaped(why)),
        };
    }
    text + " </testsuite>\n</testsuites>\n"
}
