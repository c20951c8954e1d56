"""MessagePack, as much of it as nodes say to each other."""

import struct


def head(size, fix, fix_limit, short, middle, wide):
    """The first bytes of something that long."""
    if size < fix_limit:
        return bytes((fix | size,))
    if short is not None and size < 1 << 8:
        return bytes((short, size))
    if size < 1 << 16:
        return struct.pack(">BH", middle, size)
    return struct.pack(">BI", wide, size)


def number(value):
    if value < 128:
        return bytes((value,))
    for first, form, bits in ((0xCC, "B", 8), (0xCD, "H", 16), (0xCE, "I", 32), (0xCF, "Q", 64)):
        if value < 1 << bits:
            return struct.pack(">B" + form, first, value)
    raise ValueError(value)


def pack(value):
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return number(value)
    if isinstance(value, str):
        text = value.encode()
        return head(len(text), 0xA0, 32, 0xD9, 0xDA, 0xDB) + text
    if isinstance(value, bytes):
        return head(len(value), 0, 0, 0xC4, 0xC5, 0xC6) + value
    if isinstance(value, dict):
        return head(len(value), 0x80, 16, None, 0xDE, 0xDF) + b"".join(pack(k) + pack(v) for k, v in value.items())
    return head(len(value), 0x90, 16, None, 0xDC, 0xDD) + b"".join(map(pack, value))


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        if self.at + size > len(self.data):
            raise ValueError("cut short")
        self.at += size
        return self.data[self.at - size:self.at]

    def uint(self, size):
        return int.from_bytes(self.take(size), "big")

    def value(self):
        first = self.uint(1)
        if first < 0x80:
            return first
        if first < 0x90:
            return self.mapping(first & 15)
        if first < 0xA0:
            return self.array(first & 15)
        if first < 0xC0:
            return self.take(first & 31).decode()
        if first in (0xC0, 0xC2, 0xC3):
            return {0xC0: None, 0xC2: False, 0xC3: True}[first]
        if 0xC4 <= first <= 0xC6:
            return self.take(self.uint(1 << (first - 0xC4)))
        if 0xCC <= first <= 0xCF:
            return self.uint(1 << (first - 0xCC))
        if 0xD9 <= first <= 0xDB:
            return self.take(self.uint(1 << (first - 0xD9))).decode()
        if first in (0xDC, 0xDD):
            return self.array(self.uint(2 << (first - 0xDC)))
        if first in (0xDE, 0xDF):
            return self.mapping(self.uint(2 << (first - 0xDE)))
        raise ValueError(f"byte {first:#x}")

    def array(self, count):
        return [self.value() for _ in range(count)]

    def mapping(self, count):
        return {self.value(): self.value() for _ in range(count)}


def unpack(data):
    return Reader(data).value()
