"""A peer that proved its name and then says what no honest one does."""

import struct

import msgpack
from flood_cases import connect
from nodes import ECHO, Failed, Node, until
from scripted_peer import TAG, ScriptedPeer, packet
from stranger_cases import wait_for_end

MESSAGE_LIMIT = 10_485_800
OURS = "m.os@terminal:terminal:sys"
NET = "a.os@net:distro:sys"


def message(source=OURS, target=NET, rsvp=OURS, request=(False, 5, b"hello", None, []), more=()):
    return msgpack.pack([7, source, target, rsvp, {"Request": list(request)}, None, *more])


def length(size):
    return struct.pack(">I", size)


def altered(session):
    sealed = bytearray(session.sealed(message()))
    sealed[-1] ^= 1
    return bytes(sealed)


def replayed(session):
    sealed = session.sealed(message())
    return sealed + sealed


# What goes on the line, given the session.
LIES = {
    "no length": lambda session: length(0) + packet(session.sending.seal(b"")),
    "too long": lambda session: length(MESSAGE_LIMIT + 1) + packet(session.sending.seal(bytes(1_000))),
    "four GiB": lambda session: length((1 << 32) - 1),
    "chunk without a tag": lambda session: length(5) + packet(bytes(TAG - 1)),
    "empty chunk": lambda session: length(5) + packet(session.sending.seal(b"")),
    "more than announced": lambda session: length(5) + packet(session.sending.seal(bytes(6))),
    "altered chunk": altered,
    "replayed message": replayed,
    "no MessagePack": lambda session: session.sealed(b"\xc1" * 100),
    "cut short": lambda session: session.sealed(message()[:-3]),
    "one field more": lambda session: session.sealed(message(more=[None])),
    "deep nesting": lambda session: session.sealed(b"\x91" * 200_000),
    "endless array": lambda session: session.sealed(b"\xdd\xff\xff\xff\xff"),
    "endless text": lambda session: session.sealed(b"\x96\x07\xdb\xff\xff\xff\xff"),
    "in another's name": lambda session: session.sealed(message(source="b.os@terminal:terminal:sys")),
    "in our name": lambda session: session.sealed(message(source="a.os@terminal:terminal:sys")),
    "for another node": lambda session: session.sealed(message(target="b.os@net:distro:sys")),
    "no address": lambda session: session.sealed(message(source="m.os@terminal")),
    "name with a line end": lambda session: session.sealed(message(source="m.os@a\nb:terminal:sys")),
}
# What is of no effect, and no reason to end the connection.
ODDITIES = {
    "answer that nobody waits for": [8, OURS, f"a.os@{ECHO}", None, {"Response": [[False, b"x", None, []], None]}, None],
    "capability that a.os never gave": [9, OURS, f"a.os@{ECHO}", OURS,
                                        {"Request": [False, 5, b"x", None, [[[f"a.os@{ECHO}", '"messaging"'], bytes(64)]]]}, None],
    "answers to another": [10, OURS, NET, "b.os@terminal:terminal:sys", {"Request": [False, 5, b"x", None, []]}, None],
}


def lies(line, folder):
    """Each ends the connection, and that is all."""
    peer = ScriptedPeer("m.os")
    with Node(line.machine(), "a.os", folder, peers=peer.record()) as a, Node(line.machine(), "b.os", folder) as b:
        until("they talk", lambda: b.ask("a.os") == "response")
        descriptors, memory = a.descriptors(), a.memory()
        for name, lie in LIES.items():
            session = connect(a, peer, a.machine)
            session.socket.sendall(lie(session))
            wait_for_end(session.socket, name, 5)
        if b.ask("a.os") != "response":
            raise Failed("another peer is not served any more")
        until("all descriptors are free", lambda: a.descriptors() <= descriptors, 10)
        if a.memory() - memory > 64 << 20:
            raise Failed(f"lies left {(a.memory() - memory) >> 20} MiB")


def oddities(line, folder):
    """The next message is answered as if they had not been."""
    peer = ScriptedPeer("m.os")
    with Node(line.machine(), "a.os", folder, peers=peer.record()) as a:
        session = connect(a, peer, a.machine)
        for fields in ODDITIES.values():
            session.send(msgpack.pack(fields))
        session.send(peer.request("a.os", ECHO, b"last"))
        asked = peer.ids
        answers = []
        while not answers or answers[-1][0] != asked:
            answers.append(session.receive())
        session.close()
        if any(fields[2] != OURS for fields in answers):
            raise Failed(f"an answer is not for who asked: {answers}")


def unfinished(line, folder):
    """A message that is never ended holds up nobody else, and its memory goes with it."""
    peer = ScriptedPeer("m.os")
    with Node(line.machine(), "a.os", folder, peers=peer.record()) as a, Node(line.machine(), "b.os", folder) as b:
        until("they talk", lambda: b.ask("a.os") == "response")
        session = connect(a, peer, a.machine)
        descriptors = a.descriptors()
        whole = session.sealed(peer.request("a.os", ECHO, b"?", blob=bytes(MESSAGE_LIMIT - 1_000)))
        session.socket.sendall(whole[:-1])
        if b.ask("a.os") != "response":
            raise Failed("another peer waits for the end of a message")
        session.close()
        a.wait_for("connection with m.os ended")
        until("its descriptor is free", lambda: a.descriptors() < descriptors, 5)


CASES = {"lies": lies, "oddities": oddities, "unfinished_message": unfinished}
