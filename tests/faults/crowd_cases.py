"""Many peers at once, each with a name of its own."""

import concurrent.futures
import contextlib
import time

from nodes import Failed, Node, until
from scripted_peer import ScriptedPeer

CROWD = 1_000
# What one may take that was greeted and is silent.
MEMORY_OF_ONE = 64 << 10
LIMIT = 50


def address(number):
    return f"127.1.{number // 250}.{number % 250 + 1}"


def meet(peer, machine, number):
    """Connects, from an address of its own, and is answered."""
    session = peer.dial(machine, "127.0.0.1", source=address(number))
    session.send(peer.hello("a.os", f"peer {number}"))
    fields = session.receive()
    if bytes(fields[4]["Response"][0][1]) != b"ack":
        raise Failed(f"not greeted: {fields}")
    return session


def meet_all(peers, machine):
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        return list(pool.map(lambda each: meet(each[1], machine, each[0]), enumerate(peers)))


def crowd(line, folder):
    peers = [ScriptedPeer(f"p{number}.os") for number in range(CROWD)]
    with greeting_node(line, folder, peers, 4_096) as a:
        descriptors, memory = a.descriptors(), a.memory()
        begin = time.monotonic()
        sessions = meet_all(peers, a.machine)
        took = time.monotonic() - begin
        held = a.memory() - memory
        until("each has a descriptor", lambda: a.descriptors() >= descriptors + CROWD - 1, 5)
        # All are served, the first too.
        for peer, session in zip(peers, sessions):
            session.send(peer.hello("a.os"))
            session.receive()
        for session in sessions:
            session.close()
        until("all descriptors are free", lambda: a.descriptors() <= descriptors, 10)
        left = a.memory() - memory
        print(f"note: {CROWD} peers connected in {took:.1f} s, {held / CROWD / 1024:.0f} KiB each; {left >> 10} KiB are "
              "left of them", flush=True)
        if held > CROWD * MEMORY_OF_ONE:
            raise Failed(f"{CROWD} peers take {held >> 20} MiB")
        # The second crowd takes what the first has left.
        for session in meet_all(peers, a.machine):
            session.close()
        if a.memory() - memory > CROWD * MEMORY_OF_ONE:
            raise Failed(f"two crowds, one after the other, take {(a.memory() - memory) >> 20} MiB")
        if not greeted(a, peers[0]):
            raise Failed("it greets nobody any more")


@contextlib.contextmanager
def greeting_node(line, folder, peers, most):
    """A node that knows them, and holds connections with so many."""
    records = "".join(peer.record() for peer in peers)
    with Node(line.machine(), "a.os", folder, "--max-peers", str(most), peers=records) as a:
        until("it greets", lambda: greeted(a, peers[0]))
        yield a


def one_peer_many_connections(line, folder):
    """It dials again and again and closes nothing: what one node may hold is bounded too."""
    peer = ScriptedPeer("p.os")
    with greeting_node(line, folder, [peer], LIMIT) as a:
        descriptors = a.descriptors()
        # Answers would go to whichever connection is the newest.
        met = a.said.count(b"connected with p.os")
        sessions = [peer.dial(a.machine, "127.0.0.1") for _ in range(4 * LIMIT)]
        until("all are connected", lambda: a.said.count(b"connected with p.os") == met + 4 * LIMIT, 10)
        held = a.descriptors() - descriptors
        for session in sessions:
            session.close()
        until("all descriptors are free", lambda: a.descriptors() <= descriptors, 10)
        if held > LIMIT:
            raise Failed(f"one peer holds {held} connections; --max-peers is {LIMIT}")


def greeted(node, peer):
    """Whether the node knows it; it may not have read its file of peers yet."""
    try:
        meet(peer, node.machine, 0).close()
    except ConnectionError:
        return False
    return True


def more_peers_than_there_may_be(line, folder):
    """The connection that was not used for longest goes; whoever it was of may come again."""
    peers = [ScriptedPeer(f"p{number}.os") for number in range(4 * LIMIT)]
    with greeting_node(line, folder, peers, LIMIT) as a:
        descriptors = a.descriptors()
        sessions = meet_all(peers, a.machine)
        until("no more are left than there may be", lambda: a.descriptors() <= descriptors + LIMIT, 10)
        meet(peers[0], a.machine, 0).close()
        for session in sessions:
            session.close()


CASES = {
    "crowd": crowd,
    "more_peers_than_there_may_be": more_peers_than_there_may_be,
    "one_peer_many_connections": one_peer_many_connections,
}
