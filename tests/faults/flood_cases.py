"""A peer, known and proved, that sends as much as it can and reads nothing."""

import threading
import time

from nodes import ECHO, Failed, Node, until
from scripted_peer import ScriptedPeer

# What a peer may have waiting for it is 32 MiB, and a message more; as much may wait in a mailbox.
MEMORY = 160 << 20
FLOOD_BYTES = 128 << 20
MESSAGES = 200_000
GREETINGS = 1_000
LINES = 100
STUCK = 2
SLOWEST_ANSWER = 2


class Flood(threading.Thread):
    """Sends the messages that `make` makes until the node takes no more, or all are sent."""

    def __init__(self, session, make, most):
        super().__init__(daemon=True)
        self.session, self.make, self.most = session, make, most
        self.messages = self.bytes = 0
        self.stuck = False
        self.error = None

    def run(self):
        self.session.socket.settimeout(STUCK)
        try:
            while self.bytes < FLOOD_BYTES and self.messages < self.most:
                message = self.make()
                self.session.send(message)
                self.messages += 1
                self.bytes += len(message)
        except TimeoutError:
            self.stuck = True
        except OSError as why:
            self.error = why


def connect(node, peer, machine):
    def dial():
        try:
            session = peer.dial(machine, node.machine.ip)
            session.send(peer.hello(node.name))
            session.receive()
            return session
        except ConnectionError:
            return None
    return until("it is known", dial)


def flood(make, must_stop, messages=MESSAGES):
    """`make` gives a function of the peer that makes its messages."""
    def case(line, folder):
        peer = ScriptedPeer("m.os")
        with Node(line.machine(), "a.os", folder, peers=peer.record()) as a, \
                Node(line.machine(), "b.os", folder) as b:
            until("they talk", lambda: b.ask("a.os") == "response")
            session = connect(a, peer, a.machine)
            before = most = a.memory()
            slowest = 0
            asked = 0
            attack = Flood(session, make(peer), messages)
            attack.start()
            while attack.is_alive():
                begin = time.monotonic()
                if (ended := b.ask("a.os", expects=10)) != "response":
                    raise Failed(f"beside a flood a request ends with {ended}")
                slowest = max(slowest, time.monotonic() - begin)
                asked += 1
                most = max(most, a.memory())
            most = max(most, a.memory())
            session.close()
            print(f"note: of a flood {attack.messages} messages, {attack.bytes >> 20} MiB, were taken"
                  f"{', then no more' if attack.stuck else ''}; memory grew by {(most - before) >> 20} MiB; the slowest of "
                  f"{asked} requests of another took {slowest:.2f} s", flush=True)
            if attack.error:
                raise Failed(f"the connection ended: {attack.error}")
            if must_stop and not attack.stuck:
                raise Failed("it was not stopped")
            if most - before > MEMORY:
                raise Failed(f"the node grew by {(most - before) >> 20} MiB")
            if slowest > SLOWEST_ANSWER:
                raise Failed(f"another peer waited {slowest:.1f} s for an answer")
            if b.ask("a.os") != "response":
                raise Failed("not answered after the flood")
            again = connect(a, peer, a.machine)
            again.close()
    return case


def printed_greetings(line, folder):
    """What a peer can have this node print."""
    peer = ScriptedPeer("m.os")
    with Node(line.machine(), "a.os", folder, peers=peer.record()) as a:
        session = connect(a, peer, a.machine)
        before = a.said.count(b"\n")
        for _ in range(GREETINGS):
            session.send(peer.hello("a.os", "x" * 200))
            session.receive()
        session.close()
        a.wait_for("connection with m.os ended")
        if (lines := a.said.count(b"\n") - before) > LINES:
            raise Failed(f"{GREETINGS} greetings of one peer are {lines} lines at the terminal and in the log")


def hellos(peer):
    return lambda: peer.hello("a.os", "x" * 200)


def blobs(peer):
    """The echo sends them back."""
    blob = bytes(1 << 20)
    return lambda: peer.request("a.os", ECHO, b"?", blob=blob)


def nobody(peer):
    """To a process that is not there, which each asker is told."""
    return lambda: peer.request("a.os", "nobody:test-kit:test.os", bytes(200))


def one_way(peer):
    """To a process that does not get round to reading them all; none is answered."""
    return lambda: peer.request("a.os", "actor:test-kit:test.os", bytes(4_000), expects=None)


CASES = {
    "flood_of_hellos": flood(hellos, must_stop=True),
    "printed_greetings": printed_greetings,
    "flood_of_blobs": flood(blobs, must_stop=True),
    "flood_to_nobody": flood(nobody, must_stop=False, messages=50_000),
    "flood_without_answers": flood(one_way, must_stop=False),
}
