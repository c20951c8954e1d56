"""Servers that a node's backups go to, on this machine, each on a port of its own and killed at its end."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

CACHE = Path(os.environ.get("KINODE_CACHE", Path.home() / ".cache/kinode"))
PATIENCE = 60


class Unavailable(Exception):
    """This machine does not have what the server needs."""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for_port(port, process):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"{process.args[0]} does not listen at {port}")


class Server:
    """`url`, `environment` and `options` are what `kinode backup add` is told."""

    environment = {}
    options = {}

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.process = None
        self.start()

    def start(self):
        log = (self.folder.parent / (self.folder.name + ".log")).open("ab")
        self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                        start_new_session=True)
        wait_for_port(self.port, self.process)

    def stop(self):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    @property
    def data(self):
        """Where what it keeps can be looked at."""
        return self.folder


class RestServer(Server):
    """restic's REST protocol, by rclone."""

    def command(self):
        if not shutil.which("rclone"):
            raise Unavailable("there is no rclone")
        return ["rclone", "serve", "restic", "--addr", f"127.0.0.1:{self.port}", str(self.folder)]

    @property
    def url(self):
        return f"rest:http://127.0.0.1:{self.port}/node"


class SftpServer(Server):
    """OpenSSH's, with keys of its own."""

    def command(self):
        sshd = shutil.which("sshd") or "/usr/sbin/sshd"
        if not Path(sshd).exists():
            raise Unavailable("there is no sshd")
        keys = self.folder.parent / "ssh"
        if not keys.exists():
            keys.mkdir(mode=0o700)
            for name in ("host", "user"):
                subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys / name], check=True)
            shutil.copy(keys / "user.pub", keys / "authorized")
            host = (keys / "host.pub").read_text()
            (keys / "known").write_text(f"[127.0.0.1]:{self.port} {host}")
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        self.keys = keys
        return [sshd, "-D", "-e", "-f", "/dev/null", "-p", str(self.port), "-h", str(keys / "host"),
                "-o", "ListenAddress=127.0.0.1", "-o", f"AuthorizedKeysFile={keys / 'authorized'}",
                "-o", "StrictModes=no", "-o", "UsePAM=no", "-o", "PidFile=none", "-o", "PermitRootLogin=yes",
                "-o", "Subsystem=sftp internal-sftp"]

    @property
    def url(self):
        return f"sftp:127.0.0.1:{self.folder / 'node'}"

    @property
    def options(self):
        return {"sftp.command": f"ssh -F /dev/null -p {self.port} -i {self.keys / 'user'} -o BatchMode=yes "
                                f"-o UserKnownHostsFile={self.keys / 'known'} 127.0.0.1 -s sftp"}


class S3Server(Server):
    """Moto's, which keeps everything in memory."""

    environment = {"AWS_ACCESS_KEY_ID": "an-access-key", "AWS_SECRET_ACCESS_KEY": "a-secret-key"}

    def command(self):
        place = CACHE / "moto"
        if not (place / "bin/moto_server").exists():
            for command in ([sys.executable, "-m", "venv", place],
                            [place / "bin/pip", "install", "--quiet", "moto[server]"]):
                if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
                    shutil.rmtree(place, ignore_errors=True)
                    raise Unavailable("moto[server] cannot be installed in a virtual environment (python3-venv?)")
        return [str(place / "bin/moto_server"), "-H", "127.0.0.1", "-p", str(self.port)]

    @property
    def url(self):
        return f"s3:http://127.0.0.1:{self.port}/backups"


class CutLine:
    """A way to a port that may be cut: after so many bytes sent there every connection ends, and new ones do, too."""

    def __init__(self, port):
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.left = None  # bytes that still pass; None: all
        self.was_cut = threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.left is not None and self.left <= 0:
                client.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            threading.Thread(target=self.carry, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self.carry, args=(server, client, False), daemon=True).start()

    def carry(self, source, target, is_up):
        with contextlib.suppress(OSError):
            while part := source.recv(65536):
                if is_up and self.left is not None:
                    self.left -= len(part)
                    if self.left <= 0:
                        self.was_cut.set()
                        break
                target.sendall(part)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def stop(self):
        self.listener.close()
