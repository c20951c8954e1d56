"""Two nodes on this machine, and one that many peers connect with: a table of its own, beside what the machine can do
without any node."""

import concurrent.futures
import contextlib
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from systems import ROOT, Failed, Node
from table import ratio, rounded, shown_seconds

sys.path.append(str(ROOT / "tests" / "faults" / "harness"))

TITLE = "two nodes on loopback"
CLIENT = "remote-client:bench:bench.os"
ECHO = "far.os@remote-echo:bench:bench.os"
MIB = 1 << 20
PARTS = ((64 << 10, "64 KiB", 2_000), (8 * MIB, "8 MiB", 40))
# Requests under way at once.
WINDOW = 4
PEERS = 1_000
BUDGET_TRIP = 120e-6
BUDGET_RATE = 500e6


@dataclass
class NetworkResult:
    title: str
    # "s" for one, "B/s", "/s", or "B".
    unit: str
    budget: float = 0
    value: list = field(default_factory=list)
    # Seconds of processor time of both nodes, for one operation.
    cpu: list = field(default_factory=list)
    # The same with TCP alone, right after it in each round: between two Python processes.
    alone: list = field(default_factory=list)


# ---- nodes ----------------------------------------------------------------------------------------


class Pair:
    """Two nodes that know each other."""

    def __init__(self, *options):
        self.options = options

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            folder = tempfile.mkdtemp(prefix="kinode-bench-")
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            self.nodes = [stack.enter_context(Node("--devnet", folder + "/devnet", *self.options, node_name=name))
                          for name in ("near.os", "far.os")]
            self.meet()
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def meet(self):
        """Until they have read each other's records."""
        end = time.monotonic() + 10
        while True:
            try:
                return self.run("round-trips 1 100")
            except Failed:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def run(self, order):
        return self.nodes[0].run(order, CLIENT, ECHO)

    def cpu_ns(self):
        return sum(node.cpu_ns() for node in self.nodes)


def between_nodes(protocol, options, rounds, quick):
    trips = NetworkResult(f"round trip of 100 B, {protocol}", "s", BUDGET_TRIP)
    rates = [NetworkResult(f"messages with {name}, {WINDOW} under way, {protocol}", "B/s", BUDGET_RATE if size > MIB else 0)
             for size, name, _ in PARTS]
    orders = [(trips, 5 if quick else 5_000, "round-trips {count} 100", 0)]
    orders += [(rate, 5 if quick else count, f"uploads {{count}} {size} {WINDOW}", size)
               for rate, (size, _, count) in zip(rates, PARTS)]
    with Pair(*options) as pair:
        for round_number in range(rounds + 1):
            for result, count, order, size in orders:
                cpu = pair.cpu_ns()
                seconds = pair.run(order.format(count=count))[0] / 1e9
                if round_number > 0:  # in the first, memory is touched
                    result.cpu.append((pair.cpu_ns() - cpu) / 1e9 / count)
                    result.value.append(count * size / seconds if size else seconds / count)
                    seconds = tcp_alone(size, 1, count) if size else tcp_alone(100, 100, count)
                    result.alone.append(size / seconds if size else seconds)
    return [trips, *rates]


# ---- many peers -----------------------------------------------------------------------------------


def raise_descriptor_limit():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8_192 if most == resource.RLIM_INFINITY else min(8_192, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


class Here:
    """This machine, as the scripted peers see one."""

    @staticmethod
    def connect(ip, port, source=None, timeout=10):
        return socket.create_connection((ip, port), timeout, (source, 0) if source else None)


def many_peers(rounds, quick):
    """Peers that a script plays: each proves its name and is greeted."""
    try:
        from scripted_peer import ScriptedPeer
    except ImportError:
        print("note: no row about many peers: install python3-cryptography", file=sys.stderr, flush=True)
        return []
    raise_descriptor_limit()
    peers = [ScriptedPeer(f"p{number}.os") for number in range(10 if quick else PEERS)]
    speed = NetworkResult("connections made, handshake and first answer", "/s")
    memory = NetworkResult(f"memory of an idle peer, of {len(peers)}", "B")

    def meet(peer, port):
        session = peer.dial(Here, "127.0.0.1", port)
        session.send(peer.hello("bench.os"))
        session.receive()
        return session

    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="kinode-bench-") as folder:
            records = Path(folder) / "peers.toml"
            records.write_text("".join(peer.record() for peer in peers))
            with Node("--peers", str(records), "--devnet", folder + "/devnet", "--max-peers", "4096") as node:
                port = port_of(node)
                meet_first(lambda: meet(peers[0], port).close())
                before, cpu, begin = node.memory_bytes(), node.cpu_ns(), time.monotonic()
                with concurrent.futures.ThreadPoolExecutor(8) as pool:
                    sessions = list(pool.map(lambda peer: meet(peer, port), peers))
                speed.value.append(len(peers) / (time.monotonic() - begin))
                speed.cpu.append((node.cpu_ns() - cpu) / 1e9 / len(peers))
                memory.value.append((node.memory_bytes() - before) / len(peers))
                for session in sessions:
                    session.close()
    return [speed, memory]


def port_of(node):
    """Its TCP port, as its record says."""
    folder = Path(node.options[node.options.index("--devnet") + 1])
    return int(re.search(r"tcp = (\d+)", (folder / "bench.os.toml").read_text()).group(1))


def meet_first(meet):
    """Until the node has read its file of peers."""
    end = time.monotonic() + 10
    while True:
        try:
            return meet()
        except ConnectionError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


# ---- without a node -------------------------------------------------------------------------------


def cipher_alone(quick):
    """Sealing with OpenSSL, one thread."""
    if not shutil.which("openssl"):
        return []
    command = ["openssl", "speed", "-evp", "chacha20-poly1305", "-bytes", "65536", "-seconds", "1" if quick else "3"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rate = float(re.search(r"ChaCha20-Poly1305\s+([\d.]+)k", said, re.IGNORECASE).group(1)) * 1e3
    return [NetworkResult("the cipher alone: OpenSSL seals 64 KiB", "B/s", value=[rate])]


RECEIVER = """
import socket, sys
with socket.create_server(("127.0.0.1", 0)) as listener:
    print(listener.getsockname()[1], flush=True)
    peer = listener.accept()[0]
peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
size = int(sys.argv[1])
part = memoryview(bytearray(1 << 18))
while True:
    left = size
    while left:
        count = peer.recv_into(part, min(left, len(part)))
        if not count:
            sys.exit()
        left -= count
    peer.sendall(b"x" * int(sys.argv[2]))
"""


def tcp_alone(size, answer, count):
    """Seconds of one message to another process, and its answer, over loopback."""
    receiver = subprocess.Popen([sys.executable, "-c", RECEIVER, str(size), str(answer)], stdout=subprocess.PIPE, text=True)
    try:
        with socket.create_connection(("127.0.0.1", int(receiver.stdout.readline()))) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            message = bytes(size)
            begin = time.monotonic()
            threading.Thread(target=lambda: [sock.sendall(message) for _ in range(count if answer == 1 else 1)]).start()
            for left in range(count - 1, -1, -1):
                got = 0
                while got < answer:
                    got += len(sock.recv(answer - got))
                if answer != 1 and left:
                    sock.sendall(message)
            return (time.monotonic() - begin) / count
    finally:
        receiver.kill()
        receiver.wait()
        receiver.stdout.close()


# ---- the table ------------------------------------------------------------------------------------


def measure(rounds, quick):
    results = between_nodes("TCP", (), rounds, quick)
    results += between_nodes("WebSocket", ("--tcp-port", "0"), rounds, quick)
    results += many_peers(min(rounds, 2), quick)
    return results + cipher_alone(quick)


def shown(value, unit):
    if unit == "s":
        return shown_seconds(value)
    return {"B/s": f"{rounded(value / 1e6)} MB/s", "/s": f"{value:.0f}/s", "B": f"{rounded(value / 1024)} KiB"}[unit]


def header():
    return ("what", "median", "least..most", "CPU of one", "TCP alone", "x TCP", "budget", "x budget")


def cells(result):
    middle = statistics.median(result.value) if result.value else None
    yield result.title
    yield shown(middle, result.unit) if middle else "-"
    yield f"{shown(min(result.value), result.unit)}..{shown(max(result.value), result.unit)}" if middle else "-"
    yield shown_seconds(statistics.median(result.cpu)) if result.cpu else "-"
    yield shown(statistics.median(result.alone), result.unit) if result.alone else "-"
    yield ratio(result.value, result.alone) if result.alone else "-"
    if not result.budget or not middle:
        yield from ("-", "-")
        return
    yield shown(result.budget, result.unit)
    yield f"{rounded(middle / result.budget)}x"
