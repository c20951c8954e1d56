"""Machines on a line: network namespaces, and what passes between them handed on, late, or not at all.

    line = Line()
    a, b = line.machine(), line.machine()
    with a.inside():
        subprocess.Popen(...)        # on that machine; so are sockets made in the block
    line.faults = Faults(loss=0.05, delay=0.1)
    line.cut.add(b)

Each machine has a TUN device; a thread here carries the packets. So the faults are the same on every kernel (netem is
not in all of them), and nothing leaves this process. A machine 10.99.N.1 answers to all of 10.99.N.0/24.
"""

import contextlib
import ctypes
import dataclasses
import fcntl
import heapq
import os
import random
import select
import socket
import struct
import subprocess
import threading
import time

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TUN_WITHOUT_HEADER = 0x1001
ESTABLISHED = "01"
LIBC = ctypes.CDLL(None, use_errno=True)


class Unavailable(Exception):
    """This system does not let us make namespaces."""


def check(result, what):
    if result != 0:
        raise Unavailable(f"{what}: {os.strerror(ctypes.get_errno())}")


def this_space():
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


@dataclasses.dataclass(frozen=True)
class Faults:
    loss: float = 0
    delay: float = 0
    # Added to the delay, by chance; packets keep their order.
    jitter: float = 0
    # The share of packets that overtake all that are delayed.
    overtake: float = 0


class Machine:
    def __init__(self, number):
        self.number = number
        self.ip = f"10.99.{number}.1"
        self.home = this_space()
        self.opened = [self.home]
        self.boot()

    def boot(self):
        check(LIBC.unshare(CLONE_NEWNET), "no network namespace")
        try:
            self.space = this_space()
            self.opened.append(self.space)
            self.device = self.open_device()
            self.opened.append(self.device)
        finally:
            check(LIBC.setns(self.home, CLONE_NEWNET), "no way back")

    def lose_power(self):
        """And have it again: no connection is known any more, and nobody was told. Its programs are killed before."""
        with self.inside():
            subprocess.run(["ip", "link", "delete", "line"], check=True)
        self.boot()

    def open_device(self):
        try:
            device = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
            fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", b"line", IFF_TUN_WITHOUT_HEADER))
            for words in ("link set lo up", "link set line up", f"addr add {self.ip}/16 dev line",
                          f"route add local 10.99.{self.number}.0/24 dev lo"):
                subprocess.run(["ip", *words.split()], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as why:
            raise Unavailable(f"no TUN device: {why}") from why
        return device

    @contextlib.contextmanager
    def inside(self):
        """What this thread starts and opens in the block is on this machine."""
        check(LIBC.setns(self.space, CLONE_NEWNET), "cannot enter a namespace")
        try:
            yield
        finally:
            check(LIBC.setns(self.home, CLONE_NEWNET), "no way back")

    def connect(self, ip, port, source=None, timeout=10):
        """A TCP connection from this machine, and from `source`, one of its addresses."""
        with self.inside():
            made = socket.socket()
        made.settimeout(timeout)
        try:
            if source:
                made.bind((source, 0))
            made.connect((ip, port))
        except BaseException:
            made.close()
            raise
        return made

    def unacknowledged(self):
        """Bytes that its connections over the line have sent in vain so far."""
        total = 0
        with self.inside():
            for name in ("tcp", "tcp6"):
                with open(f"/proc/thread-self/net/{name}", encoding="ascii") as table:
                    for words in (entry.split() for entry in list(table)[1:]):
                        if words[3] == ESTABLISHED:
                            total += int(words[4].split(":")[0], 16)
        return total

    def close(self):
        for each in self.opened:
            os.close(each)


class Line:
    def __init__(self, seed=1):
        self.faults = Faults()
        self.cut = set()
        self.random = random.Random(seed)
        self.harmed = 0  # packets lost, late or overtaking by its faults
        self.machines = {}
        self.wake, self.waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.ending = False
        self.waiting = []  # (when, number, packet, device)
        self.number = 0
        self.last = {}
        self.thread = threading.Thread(target=self.carry, daemon=True)
        self.thread.start()

    def restart(self, machine):
        machine.lose_power()
        os.write(self.waker, b"w")

    def machine(self):
        made = Machine(len(self.machines) + 1)
        self.machines = {**self.machines, made.number: made}
        os.write(self.waker, b"w")
        return made

    def close(self):
        self.ending = True
        os.write(self.waker, b"w")
        self.thread.join()
        for each in self.machines.values():
            each.close()
        os.close(self.wake)
        os.close(self.waker)

    # ---- the thread ----

    def carry(self):
        while not self.ending:
            devices = {each.device: each for each in self.machines.values()}
            patience = max(0.0, self.waiting[0][0] - time.monotonic()) if self.waiting else None
            for ready in select.select([self.wake, *devices], [], [], patience)[0]:
                if ready == self.wake:
                    os.read(self.wake, 4096)
                else:
                    self.take(devices[ready])
            now = time.monotonic()
            while self.waiting and self.waiting[0][0] <= now:
                _, _, packet, to = heapq.heappop(self.waiting)
                self.give(packet, to)

    def take(self, sender):
        for _ in range(64):
            try:
                packet = os.read(sender.device, 65536)
            except OSError:  # there is nothing, or it has no power
                return
            # IPv4 to 10.99.N.x; the rest is the machines' chatter.
            receiver = self.machines.get(packet[18]) if len(packet) >= 20 and packet[0] >> 4 == 4 else None
            if receiver is None or {sender, receiver} & self.cut:
                continue
            if self.random.random() < self.faults.loss:
                self.harmed += 1
            else:
                self.delay(packet, sender, receiver)

    def delay(self, packet, sender, receiver):
        faults = self.faults
        if faults.delay:
            self.harmed += 1
        if not faults.delay or self.random.random() < faults.overtake:
            self.give(packet, receiver)
            return
        due = time.monotonic() + faults.delay + self.random.random() * faults.jitter
        due = self.last[sender, receiver] = max(due, self.last.get((sender, receiver), 0))
        self.number += 1
        heapq.heappush(self.waiting, (due, self.number, packet, receiver))

    @staticmethod
    def give(packet, receiver):
        with contextlib.suppress(OSError):
            os.write(receiver.device, packet)
