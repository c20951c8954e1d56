"""A node as a test wants it: it speaks the protocol, and does no more than it is told.

    peer = ScriptedPeer("m.os")
    node's peers.toml: peer.record(...)
    session = peer.dial(machine, ip)     # a handshake over TCP
    session.send(peer.hello("a.os"))
    session.receive()
"""

import hashlib
import hmac
import struct
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import msgpack

CHUNK = 65_519
TAG = 16
NET = "net:distro:sys"


def raw(public_key):
    return public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def blake2s(*parts):
    return hashlib.blake2s(b"".join(parts)).digest()


def derive_two(chaining_key, secret):
    key = hmac.digest(chaining_key, secret, "blake2s")
    first = hmac.digest(key, b"\x01", "blake2s")
    return first, hmac.digest(key, first + b"\x02", "blake2s")


class Cipher:
    def __init__(self, key):
        self.cipher, self.counter = ChaCha20Poly1305(key), 0

    def nonce(self):
        self.counter += 1
        return struct.pack("<4xQ", self.counter - 1)

    def seal(self, plain, associated=b""):
        return self.cipher.encrypt(self.nonce(), plain, associated)

    def open(self, sealed, associated=b""):
        return self.cipher.decrypt(self.nonce(), sealed, associated)


class Handshake:
    """Noise_XX_25519_ChaChaPoly_BLAKE2s, as the side that dials."""

    def __init__(self):
        self.hash = self.chaining_key = blake2s(b"Noise_XX_25519_ChaChaPoly_BLAKE2s")
        self.cipher = None
        self.ephemeral, self.static = X25519PrivateKey.generate(), X25519PrivateKey.generate()
        self.mix(b"")  # no prologue

    def mix(self, data):
        self.hash = blake2s(self.hash, data)

    def agree(self, private, public):
        self.chaining_key, key = derive_two(self.chaining_key, private.exchange(X25519PublicKey.from_public_bytes(public)))
        self.cipher = Cipher(key)

    def seal(self, plain):
        sealed = self.cipher.seal(plain, self.hash)
        self.mix(sealed)
        return sealed

    def open(self, sealed):
        plain = self.cipher.open(sealed, self.hash)
        self.mix(sealed)
        return plain

    def first(self):
        public = raw(self.ephemeral.public_key())
        self.mix(public)
        self.mix(b"")
        return public

    def second(self, message):
        """The other side's payload."""
        self.theirs = message[:32]
        self.mix(self.theirs)
        self.agree(self.ephemeral, self.theirs)
        self.agree(self.ephemeral, self.open(message[32:80]))
        return self.open(message[80:])

    def third(self, payload):
        sealed = self.seal(raw(self.static.public_key()))
        self.agree(self.static, self.theirs)
        return sealed + self.seal(payload)

    def split(self):
        ours, theirs = derive_two(self.chaining_key, b"")
        return Cipher(ours), Cipher(theirs)


def read_exactly(sock, size):
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            raise ConnectionError("the node closed the connection")
        data += part
    return data


def packet(data):
    return struct.pack(">H", len(data)) + data


def read_packet(sock):
    return read_exactly(sock, struct.unpack(">H", read_exactly(sock, 2))[0])


class Session:
    def __init__(self, sock, ciphers):
        self.socket = sock
        self.sending, self.receiving = ciphers

    def sealed(self, message):
        """The bytes on the line of one more message. They must be sent, in order."""
        chunks = (message[at:at + CHUNK] for at in range(0, len(message), CHUNK))
        return struct.pack(">I", len(message)) + b"".join(packet(self.sending.seal(chunk)) for chunk in chunks)

    def send(self, message):
        self.socket.sendall(self.sealed(message))

    def receive(self):
        """The fields of the next message."""
        size, = struct.unpack(">I", read_exactly(self.socket, 4))
        message = b""
        while len(message) < size:
            message += self.receiving.open(read_packet(self.socket))
        return msgpack.unpack(message)

    def close(self):
        self.socket.close()


class ScriptedPeer:
    def __init__(self, name):
        self.name = name
        self.key = Ed25519PrivateKey.generate()
        self.public = raw(self.key.public_key())
        self.ids = 0

    def record(self, ip="127.0.0.1", tcp=1):
        """Its entry in a peers file. Nobody need listen there."""
        issued = int(time.time())
        covered = (f"kinode node record 1\nname={self.name}\nkey={self.public.hex()}\nip={ip}\ntcp={tcp}\nrouters=\n"
                   f"issued={issued}\n")
        return (f'[[node]]\nname = "{self.name}"\nkey = "0x{self.public.hex()}"\nip = "{ip}"\ntcp = {tcp}\n'
                f'issued = {issued}\nsignature = "{self.key.sign(covered.encode()).hex()}"\n')

    def dial(self, machine, ip, port=10_000, source=None, timeout=10):
        """A session; the node knows who it is when it has answered something."""
        sock = machine.connect(ip, port, source, timeout)
        try:
            handshake = Handshake()
            sock.sendall(packet(handshake.first()))
            handshake.second(read_packet(sock))
            signature = self.key.sign(raw(handshake.static.public_key()))
            sock.sendall(packet(handshake.third(msgpack.pack([1, self.name, signature, False]))))
        except BaseException:
            sock.close()
            raise
        return Session(sock, handshake.split())

    def request(self, node, process, body, expects=60, blob=None):
        """A message of this peer's terminal:terminal:sys."""
        self.ids += 1
        ours = f"{self.name}@terminal:terminal:sys"
        return msgpack.pack([self.ids, ours, f"{node}@{process}", ours, {"Request": [False, expects, body, None, []]},
                             None if blob is None else [None, blob]])

    def hello(self, node, text="hello"):
        """What net:distro:sys answers with `ack`."""
        return self.request(node, NET, text.encode())
