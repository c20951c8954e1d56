#!/usr/bin/env python3
"""The vectors of the specification's section 11.1 by implementations that are neither the node's nor the Rust peer's:
`noiseprotocol` for Noise, `cryptography` for Ed25519, `msgpack` for MessagePack.

With --environment FOLDER they are installed there first, if they are not yet; the script then runs itself in it.
"""

import argparse
import os
import re
import subprocess
import sys
import venv
import warnings
from pathlib import Path

PACKAGES = ["noiseprotocol==0.3.1", "cryptography>=41", "msgpack>=1"]
VECTORS = Path(__file__).resolve().parent / "src" / "cases" / "vectors.rs"


def run_in(folder):
    python = folder / "bin" / "python"
    complete = folder / "complete"
    if not complete.exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES], check=True)
        complete.touch()
    os.execv(python, [str(python), __file__])


def constants():
    """Those of the Rust peer, so that each vector is written down once."""
    text = VECTORS.read_text()
    found = re.findall(r'^const ([A-Z0-9_]+): &str =\s+"([0-9a-f\\\s]+)";', text, re.MULTILINE)
    return {name: re.sub(r"\\\s+", "", value) for name, value in found}


def check():
    import msgpack
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import x25519
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from noise.connection import Keypair, NoiseConnection

    # That fixed keys are for tests.
    warnings.simplefilter("ignore")
    expected = constants()
    failures = []

    def same(name, got):
        if got.hex() != expected[name]:
            failures.append(name)
        print(f"{'FAILED' if got.hex() != expected[name] else 'ok':6} {name}")

    def noise(static, ephemeral):
        connection = NoiseConnection.from_name(b"Noise_XX_25519_ChaChaPoly_BLAKE2s")
        connection.set_keypair_from_private_bytes(Keypair.STATIC, bytes([static]) * 32)
        connection.set_keypair_from_private_bytes(Keypair.EPHEMERAL, bytes([ephemeral]) * 32)
        return connection

    def public(private):
        key = x25519.X25519PrivateKey.from_private_bytes(bytes([private]) * 32).public_key()
        return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    key_a = Ed25519PrivateKey.from_private_bytes(bytes(range(0x20)))
    key_b = Ed25519PrivateKey.from_private_bytes(bytes(range(0x20, 0x40)))

    def payload(name, key, static):
        return msgpack.packb([1, name, list(key.sign(public(static))), False])

    hello = msgpack.packb([1, "a.dev@hi:terminal:sys", "b.dev@net:distro:sys", "a.dev@hi:terminal:sys",
                           {"Request": [False, 10, list(b"hello"), None, []]}, None])
    same("HELLO", hello)
    same("ACK", msgpack.packb([1, "b.dev@net:distro:sys", "a.dev@hi:terminal:sys", None,
                               {"Response": [[False, list(b"ack"), None, []], None]}, None]))
    same("ROUTING_REQUEST", msgpack.packb([1, "a.dev", list(key_a.sign(b"b.devr.dev")), "b.dev"]))
    same("PAYLOAD", payload("b.dev", key_b, 4))

    a, b = noise(2, 1), noise(4, 3)
    a.set_as_initiator()
    b.set_as_responder()
    a.start_handshake()
    b.start_handshake()
    first = a.write_message()
    same("MESSAGE_1", bytes(first))
    b.read_message(first)
    second = b.write_message(payload("b.dev", key_b, 4))
    same("MESSAGE_2", bytes(second))
    a.read_message(second)
    # The states go when the handshake is done; the symmetric one has the hash and the last key.
    symmetric = a.noise_protocol.symmetric_state
    third = a.write_message(payload("a.dev", key_a, 2))
    same("MESSAGE_3", bytes(third))
    b.read_message(third)
    same("HASH", a.get_handshake_hash())
    key_1, key_2 = symmetric.noise_protocol.hkdf(symmetric.ck, b"", 2)
    same("KEY_1", key_1)
    same("KEY_2", key_2)

    length = len(hello).to_bytes(4, "big")
    a_ws = a.encrypt(length + hello)
    same("FIRST_WS", bytes(a_ws))
    # The same counter once more, for the other framing.
    a.noise_protocol.cipher_state_encrypt.n = 0
    a_tcp = a.encrypt(hello)
    same("FIRST_TCP", length + len(a_tcp).to_bytes(2, "big") + bytes(a_tcp))
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", type=Path)
    folder = parser.parse_args().environment
    if folder:
        run_in(folder)
    sys.exit(check())


if __name__ == "__main__":
    main()
