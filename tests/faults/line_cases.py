"""Two nodes, and a line between them that fails."""

import contextlib
import time

import msgpack
from machines import Faults
from nodes import ACTOR, Failed, Node, until

REQUESTS = 200
# What a lost connection, nothing of which arrives, is noticed in: what was sent may go unacknowledged for 30 s, and
# silence is asked after 30 s, three times each 10 s.
UNACKNOWLEDGED = 45
IDLE = 75
# How long a connection may take, and how long a node is left in peace at most after it was not reached.
SET_UP = 5
BACK_OFF = 6.5
CROSSINGS = 4
HOLD = {"steps": ["hold"]}


@contextlib.contextmanager
def two_nodes(line, folder, *options):
    with Node(line.machine(), "a.os", folder, *options) as a, Node(line.machine(), "b.os", folder, *options) as b:
        until("the nodes know each other", lambda: a.ask("b.os") == b.ask("a.os") == "response")
        yield a, b


def check_answers(events, bodies):
    kinds = [event["kind"] for event in events]
    if kinds != ["response"] * len(bodies):
        raise Failed(f"{kinds.count('response')} responses of {len(bodies)}: {events}")
    if [event["body"] for event in events] != bodies:
        raise Failed(f"not in order: {[event['body'] for event in events]}")


def bad_line(options, faults):
    def case(line, folder):
        with two_nodes(line, folder, *options) as (a, b):
            line.faults = faults
            bodies = [f"{number} " + "x" * (number * 7 % 3000) for number in range(REQUESTS)]
            # Both begin at the same time.
            a.begin("b.os", bodies)
            b.begin("a.os", bodies)
            check_answers(a.events(REQUESTS), bodies)
            check_answers(b.events(REQUESTS), bodies)
            if not line.harmed:
                raise Failed("the line was never bad")
    return case


def knows(node, peer):
    """Whether it has read the peer's record; nothing is sent to the peer."""
    action = msgpack.pack({"GetPeer": peer})
    answer = node.act({"do": "send_and_await", "to": "net:distro:sys", "body": {"hex": action.hex()}})[-1]
    return peer in str(answer["body"]) or peer.encode().hex() in str(answer["body"])


def both_dial_at_once(line, folder):
    """Neither is connected yet, and the line is slow: two connections are made, and the order of messages stays."""
    for number in range(CROSSINGS):
        line.faults = Faults()
        with Node(line.machine(), "a.os", folder) as a, Node(line.machine(), "b.os", folder) as b:
            until("the nodes know each other", lambda: knows(a, "b.os") and knows(b, "a.os"))
            line.faults = Faults(delay=0.1, jitter=0.02 * number)
            bodies = [str(each) for each in range(REQUESTS)]
            half = REQUESTS // 2
            for each in (bodies[:half], bodies[half:]):
                a.begin("b.os", each)
                b.begin("a.os", each)
            check_answers(a.events(REQUESTS), bodies)
            check_answers(b.events(REQUESTS), bodies)
            if a.said.count(b"connected with b.os") < 2 and number == 0:
                raise Failed("they did not dial at once")


def short_cuts(line, folder):
    """Nothing is lost while TCP is patient."""
    with two_nodes(line, folder) as (a, b):
        mark = a.mark()
        bodies = [f"{number} " + "x" * 2_000 for number in range(REQUESTS)]
        for start in range(0, REQUESTS, REQUESTS // 5):
            line.cut.add(b.machine)
            a.begin("b.os", bodies[start:start + REQUESTS // 5])
            until("what is sent does not arrive", a.machine.unacknowledged)
            line.cut.clear()
        check_answers(a.events(REQUESTS), bodies)
        if b"ended" in a.said[mark:]:
            raise Failed("a short cut ended the connection")


def healed(node, peer):
    """The line is whole again: no longer than it is left in peace, and a connection takes."""
    begin = time.monotonic()
    until(f"{peer} answers again", lambda: node.ask(peer, expects=2) == "response", BACK_OFF + SET_UP)
    print(f"note: answered again {time.monotonic() - begin:.1f} s after the line was whole", flush=True)


def partition(line, folder):
    """The line is cut in the middle of requests."""
    with two_nodes(line, folder) as (a, b):
        # The half of them is never answered, the others are on their way.
        a.begin("b.os", [HOLD] * 20, process=ACTOR, expects=5)
        line.cut.add(b.machine)
        mark = a.mark()
        a.begin("b.os", ["late"] * 20, expects=5)
        events = a.events(40, limit=15)
        if {event.get("error") for event in events} - {"Timeout", "Offline"}:
            raise Failed(f"over a line that is cut: {events}")
        a.wait_for("connection with b.os ended", mark, UNACKNOWLEDGED)
        begin = time.monotonic()
        ended = a.ask("b.os", expects=60)
        if ended != "Offline" or time.monotonic() - begin > SET_UP + 1:
            raise Failed(f"without a connection: {ended} after {time.monotonic() - begin:.1f} s")
        begin = time.monotonic()
        ended = a.ask("b.os", expects=60)
        if ended != "Offline" or time.monotonic() - begin > 1:
            raise Failed(f"just after it was not reached: {ended} after {time.monotonic() - begin:.1f} s")
        line.cut.clear()
        healed(a, "b.os")
        healed(b, "a.os")


def partition_while_idle(line, folder):
    """Nothing is sent while the line is cut."""
    with two_nodes(line, folder) as (a, b):
        mark_a, mark_b = a.mark(), b.mark()
        line.cut.add(b.machine)
        a.wait_for("connection with b.os ended", mark_a, IDLE)
        b.wait_for("connection with a.os ended", mark_b, 15)
        line.cut.clear()
        healed(a, "b.os")


def lose_power(line, node):
    """Its connections are gone and nobody was told; then it is there again. What was sent to it before had arrived, else
    its sender would repeat that and so learn of it."""
    until("all is acknowledged", lambda: not any(each.unacknowledged() for each in line.machines.values()))
    line.cut.add(node.machine)
    node.kill()
    line.restart(node.machine)
    line.cut.clear()
    node.start()


def peer_loses_power(line, folder, talk):
    with two_nodes(line, folder) as (a, b):
        mark = a.mark()
        lose_power(line, b)
        if talk:
            # The first message meets a machine that knows of no connection; it may be lost, the next must not be.
            begin = time.monotonic()
            first = a.ask("b.os", expects=3)
            a.wait_for("connection with b.os ended", mark, 3)
            if a.ask("b.os", expects=10) != "response":
                raise Failed("the message after the connection's end was not answered")
            print(f"note: of a peer that was restarted unseen, the first request ended with {first}; answered after "
                  f"{time.monotonic() - begin:.1f} s", flush=True)
        else:
            a.wait_for("connection with b.os ended", mark, 60)
        healed(b, "a.os")


def half_open_idle(line, folder):
    peer_loses_power(line, folder, talk=False)


def half_open_noticed_by_message(line, folder):
    peer_loses_power(line, folder, talk=True)


def half_open_peer_comes_back_first(line, folder):
    """It dials anew while we still hold its old connection: the new one takes over."""
    with two_nodes(line, folder) as (a, b):
        lose_power(line, b)
        if b.ask("a.os", expects=10) != "response":
            raise Failed("a peer that came back is not answered")
        if a.ask("b.os", expects=10) != "response":
            raise Failed("a request to a peer that came back and spoke first is not answered")


def killed_and_started_again(line, folder):
    with two_nodes(line, folder) as (a, b):
        a.begin("b.os", [HOLD] * 20, process=ACTOR, expects=10)
        b.act("events")  # so the requests before are with it
        mark = a.mark()
        b.kill()
        a.wait_for("connection with b.os ended", mark, 5)
        begin = time.monotonic()
        if (ended := a.ask("b.os", expects=30)) != "Offline" or time.monotonic() - begin > 2:
            raise Failed(f"of a peer that was killed: {ended} after {time.monotonic() - begin:.1f} s")
        events = a.events(20, limit=20)
        if {event.get("error") for event in events} - {"Timeout", "Offline"}:
            raise Failed(f"outstanding at a peer that was killed: {events}")
        b.start()
        healed(a, "b.os")


LOSS = Faults(loss=0.05)
LATE = Faults(delay=0.1, jitter=0.05)
DISORDER = Faults(delay=0.05, jitter=0.01, overtake=0.25)
WEBSOCKET = ("--tcp-port", "0")
CASES = {
    "loss": bad_line((), LOSS),
    "loss_websocket": bad_line(WEBSOCKET, LOSS),
    "delay": bad_line((), LATE),
    "reordering": bad_line((), DISORDER),
    "reordering_websocket": bad_line(WEBSOCKET, DISORDER),
    "short_cuts": short_cuts,
    "both_dial_at_once": both_dial_at_once,
    "partition": partition,
    "partition_while_idle": partition_while_idle,
    "half_open_idle": half_open_idle,
    "half_open_noticed_by_message": half_open_noticed_by_message,
    "half_open_peer_comes_back_first": half_open_peer_comes_back_first,
    "killed_and_started_again": killed_and_started_again,
}
