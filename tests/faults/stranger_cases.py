"""Strangers: whoever connects and proves no name."""

import base64
import os
import selectors
import socket
import struct
import time

from nodes import TCP_PORT, WS_PORT, Failed, Node, until
from scripted_peer import ScriptedPeer, packet

# Of a WebSocket first the upgrade, then the handshake.
SET_UP = {TCP_PORT: 5, WS_PORT: 10}
LORISES = 300
STRANGERS_OF_ONE_ADDRESS = 64
UPGRADE = (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
           b"Sec-WebSocket-Key: " + base64.b64encode(bytes(16)) + b"\r\n\r\n")


def frame(kind, data, final=True):
    """A WebSocket frame as clients send it, masked with zeros."""
    size = bytes((0x80 | len(data),)) if len(data) < 126 else struct.pack(">BH", 0x80 | 126, len(data))
    return bytes((kind | (0x80 if final else 0),)) + size + bytes(4) + data


GARBAGE = {
    "random": os.urandom(100_000),
    "zeros": bytes(100_000),
    "one byte": b"\x00",
    "nothing": b"",
    "http": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "http without an end": b"GET /" + b"a" * 100_000,
    "tls": bytes.fromhex("1603010200010001fc0303") + os.urandom(500),
    "long packet": b"\xff\xff" + os.urandom(65_535),
    "low-order point": packet(bytes(32)),
    "routing request": packet(b"\x94\x01\xa4x.os\xc4\x40" + bytes(64) + b"\xa4a.os"),
    "handshake cut short": packet(os.urandom(32)) + packet(os.urandom(64)),
    "text frame": UPGRADE + frame(1, b"hello"),
    "close frame": UPGRADE + frame(8, b""),
    "pings": UPGRADE + frame(9, b"x" * 125) * 5_000,
    "large frame": UPGRADE + bytes((0x82, 0xFF)) + struct.pack(">Q", 1 << 40) + bytes(4) + bytes(10_000),
    "endless message": UPGRADE + (frame(2, b"", final=False) + frame(0, bytes(100), final=False) * 2_000),
    "wrong point by WebSocket": UPGRADE + frame(2, bytes(32)),
}


def throw(machine, ip, port, data):
    """An open connection on which that was sent, as much as was taken."""
    sock = machine.connect(ip, port)
    try:
        sock.sendall(data)
    except OSError:
        pass  # closed already
    return sock


def wait_for_end(sock, what, limit):
    """Until the node has closed it."""
    end = time.monotonic() + limit
    try:
        while True:
            sock.settimeout(max(0.01, end - time.monotonic()))
            if not sock.recv(65_536):
                return
    except TimeoutError as why:
        raise Failed(f"{what}: still open after {limit} s") from why
    except OSError:
        return
    finally:
        sock.close()


def garbage(line, folder):
    """Whatever comes, the connection ends within the time that one has to say who it is; nothing else happens."""
    with Node(line.machine(), "a.os", folder) as a, Node(line.machine(), "b.os", folder) as b:
        stranger = line.machine()
        until("they talk", lambda: b.ask("a.os") == "response")
        descriptors, memory = a.descriptors(), a.memory()
        for port in (TCP_PORT, WS_PORT):
            thrown = {name: throw(stranger, a.machine.ip, port, data) for name, data in GARBAGE.items()}
            if b.ask("a.os") != "response":
                raise Failed("a peer is not served among garbage")
            for name, sock in thrown.items():
                wait_for_end(sock, f"{name} at port {port}", SET_UP[port] + 2)
        until("all descriptors are free", lambda: a.descriptors() <= descriptors, 10)
        if a.memory() - memory > 32 << 20:
            raise Failed(f"garbage left {(a.memory() - memory) >> 20} MiB")


def unknown_name(line, folder):
    """A handshake without fault, of a node that nobody knows."""
    with Node(line.machine(), "a.os", folder) as a:
        mark = a.mark()
        session = ScriptedPeer("nobody.os").dial(line.machine(), a.machine.ip)
        wait_for_end(session.socket, "a node that is not known", 2)
        a.wait_for("a node that is not known here", mark)


class Lorises:
    """Many connections of one machine."""

    def __init__(self, machine, ip, port):
        self.open = selectors.DefaultSelector()
        # What an honest peer begins with.
        self.words = iter(UPGRADE if port == WS_PORT else packet(os.urandom(32)))
        for _ in range(LORISES):
            with machine.inside():
                sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex((ip, port))
            self.open.register(sock, selectors.EVENT_READ)

    def __len__(self):
        return len(self.open.get_map())

    def wait_until_few(self, most, limit):
        """Until the node has closed all but so many. Those left send a byte each second."""
        end = time.monotonic() + limit
        next_byte = time.monotonic()
        while len(self) > most:
            now = time.monotonic()
            if now >= end:
                raise Failed(f"{len(self)} slow connections are still open after {limit} s; expected {most}")
            if now >= next_byte:
                next_byte = now + 1
                byte = bytes((next(self.words),))
                for key in list(self.open.get_map().values()):
                    self.try_or_close(key.fileobj, lambda sock: sock.send(byte) > 0)
            for key, _ in self.open.select(min(end, next_byte) - now):
                self.try_or_close(key.fileobj, lambda sock: sock.recv(4096) != b"")

    def try_or_close(self, sock, work):
        try:
            if work(sock):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self.open.unregister(sock)
        sock.close()


def slow_loris(port, *options):
    """On each connection comes a byte each second."""
    def case(line, folder):
        with Node(line.machine(), "a.os", folder, *options) as a, Node(line.machine(), "b.os", folder) as b:
            descriptors, memory = a.descriptors(), a.memory()
            lorises = Lorises(line.machine(), a.machine.ip, port)
            lorises.wait_until_few(STRANGERS_OF_ONE_ADDRESS, 4)
            held = len(lorises)
            begin = time.monotonic()
            until("an honest peer is answered", lambda: b.ask("a.os", expects=3) == "response", 4)
            served = time.monotonic() - begin
            lorises.wait_until_few(0, SET_UP[port] + 3)
            # That of the peer is still open.
            until("their descriptors are free", lambda: a.descriptors() <= descriptors + 1, 5)
            grown = a.memory() - memory
            print(f"note: of {LORISES} slow connections {held} were held; a peer was answered after {served:.2f} s; memory "
                  f"grew by {grown >> 10} KiB", flush=True)
            if grown > 32 << 20:
                raise Failed(f"slow strangers left {grown >> 20} MiB")
    return case


CASES = {
    "garbage": garbage,
    "unknown_name": unknown_name,
    "slow_loris": slow_loris(TCP_PORT),
    "slow_loris_websocket": slow_loris(WS_PORT, "--tcp-port", "0"),
}
