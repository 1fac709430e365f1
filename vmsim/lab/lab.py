"""The lab as its user sees it: up, down, status, enter.

    Lab.up: lock ─▶ folders ─▶ sockets bound outside ─▶ PID 1 made (init.py) ─▶ lab.json ─▶ "go" ─▶ the daemon answers
    Lab.down: lock ─▶ SIGTERM to PID 1 ─▶ the guests shut down ─▶ it ends (or the plug) ─▶ nothing is left

What of it must be outside is the broker's (broker.py): it ends with PID 1, and who finds it missing starts it again.

One `up` starts, another waits for the lock and finds it running. lab.json is written before the lab may begin, so none
can run unrecorded; what it says is believed only when pid, start time and boot of the host fit. After a power cut the
file is stale, the sockets are dead files, and `up` replaces both.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import shutil
import signal
import socket
import stat
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from vmsim import config
from vmsim.config import Home, Settings
from vmsim.host import command
from vmsim.host.tcp_peers import TABLE
from vmsim.lab import identity, logs, namespaces, outside, port, private_libvirt, readiness, same_code, way_out
from vmsim.lab.init import DOWN_GRACE, LIBVIRTD_GRACE
from vmsim.lab.plan import Plan
from vmsim.model.errors import HostError, InUse, LabNotRunning, TimedOut, UsageError

DAEMON = ("vmsim.daemon",)
UP_LIMIT = 60.0
LOCK_LIMIT = 180.0
PLUG_LIMIT = 10.0
BROKER_INTERVAL = 2.0

Progress = Callable[[str], None]


def silent(_: str) -> None:
    """No progress is shown."""


@dataclass(frozen=True)
class LabStatus:
    """What runs; everything is empty when nothing does."""

    running: bool
    pid: int = 0
    started: int = 0
    boot_id: str = ""
    port: int = 0
    since: float = 0.0
    proxy_port: int = 0
    offline: bool = False


class Lab:
    """The lab of one home. `daemon` is the module, or file, whose main() runs in it, and its arguments."""

    def __init__(self, home: Home, settings: Settings, daemon: Sequence[str] = DAEMON) -> None:
        self.home = home
        self.settings = settings
        self._daemon = daemon

    def status(self) -> LabStatus:
        found = self._record()
        if found is None:
            return LabStatus(False)
        return LabStatus(
            True, found.pid, found.started, found.boot_id, found.port, found.since, found.proxy_port, found.offline
        )

    def up(self, progress: Progress = silent, limit: float = UP_LIMIT) -> LabStatus:
        """Start it unless it runs, and wait until its daemon answers."""
        self._check_home()
        _folder(self.home.root)
        bereft = not self.home.lock_file.exists()
        with self._locked(progress):
            found = self._record()
            if found is not None:
                self._check_running(found, bereft=bereft)
                found.save(self.home.lab_file)
                with self._broker(progress):
                    self._wait_ready(limit, progress)
                return self.status()
            progress("starting the lab")
            self._start(progress)
            try:
                with self._broker(progress):
                    self._wait_ready(limit, progress)
            except HostError:
                # Its daemon cannot come up (a damaged database): left alone it would be begun again for ever, and
                # every command would wait for it.
                self.kill()
                self._sweep()
                raise
            return self.status()

    def down(self, progress: Progress = silent, limit: float | None = None) -> None:
        """Shut the guests down, end everything, remove what only a running lab has. Harmless when nothing runs."""
        if not self.home.lock_file.exists() and self._record() is None:
            return
        _folder(self.home.root)
        with self._locked(progress):
            found = self._record()
            if found is not None:
                grace = DOWN_GRACE + 2 * LIBVIRTD_GRACE
                self._end(found, progress, (self.settings.down_limit if limit is None else limit) + grace)
            self._sweep()

    def ensure_broker(self) -> None:
        """One that was killed is started again; nothing where no lab runs."""
        if self.home.logs.is_dir() and self.status().running and not outside.listens(self.home):
            with self._locked(silent), self._broker(silent):
                pass

    def kill(self) -> None:
        """Pull the plug: no process of the lab is left, and nothing is tidied, as after a power cut."""
        found = self._record()
        if found is not None:
            with _pidfd(found.pid) as pidfd:
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
                _gone(pidfd, PLUG_LIMIT)

    def enter(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs `argv` inside, as the lab's root."""
        found = self._record()
        if found is None:
            raise LabNotRunning("The lab is not running.", hint="vmsim up")
        user = ["--user"] if namespaces.rootless() else []
        inside = [f"VMSIM_HOME={self.home.root}", f"VMSIM_RUNTIME={self.home.runtime}"]
        spaces = [*user, "--mount", "--net", "--pid", "--uts", "--ipc", "--preserve-credentials"]
        return ["nsenter", *spaces, "-t", str(found.pid), "--", "env", *inside, *argv]

    def processes(self) -> dict[int, int]:
        """Every process of the lab: pid outside → pid inside. Empty when it does not run."""
        found = self._record()
        return identity.processes(found.namespace) if found else {}

    def pid_of(self, child: str) -> int:
        """The pid outside of "daemon" or "libvirtd"; 0 while it is not there."""
        inside = readiness.child(self._children, child).pid
        return next((outer for outer, inner in self.processes().items() if inner == inside), 0)

    def serve(self, progress: Progress = silent) -> None:
        """The lab in the foreground, for a service manager: SIGTERM and SIGINT take it down."""
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT)}
        woken = signal.set_wakeup_fd(writer)
        try:
            status = self.up(progress)
            progress(f"serving on http://{port.ADDRESS}:{status.port}")
            with _pidfd(status.pid) as pidfd:
                while not (ready := select.select([reader, pidfd], [], [], BROKER_INTERVAL)[0]):
                    self.ensure_broker()
                ended = pidfd in ready
            self.down(progress)
            if ended:
                raise HostError("The lab ended by itself.", hint=f"See {self.home.logs / 'init.log'}.")
        finally:
            signal.set_wakeup_fd(woken)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(reader)
            os.close(writer)

    def logs(self) -> dict[str, Path]:
        """The logs there are, by name."""
        return {path.stem: path for path in sorted(self.home.logs.glob("*.log"))}

    @property
    def _children(self) -> Path:
        return self.home.runtime / "children.json"

    def _record(self) -> identity.LabRecord | None:
        found = map(identity.load, (self.home.lab_file, self.home.lab_copy))
        return next((record for record in found if record is not None and record.alive()), None)

    def _check_home(self) -> None:
        """Never spread over a folder that is somebody's: a home is empty at first, or has our lock."""
        if not self.home.root.is_dir() or self.home.lock_file.exists():
            return
        ours = {value.name for value in vars_of(self.home)}
        strangers = sorted(entry.name for entry in self.home.root.iterdir() if entry.name not in ours)
        if strangers:
            raise UsageError(
                f"{self.home.root} is not a home of vmsim: it holds {strangers[0]}.",
                hint="Set VMSIM_HOME to an empty or a new folder.",
            )

    def _check_running(self, found: identity.LabRecord, *, bereft: bool) -> None:
        """What runs is what is asked for."""
        if bereft:
            raise HostError(
                f"The lab of {self.home.root} runs, but its folder was removed, and with it all disks.",
                hint="`vmsim down` ends it.",
            )
        if self.settings.offline and not found.offline:
            raise InUse("The lab runs already, with a way to the internet.", hint="vmsim down")

    @contextlib.contextmanager
    def _locked(self, progress: Progress) -> Iterator[None]:
        """One `up` or `down` of a home at a time."""
        with self.home.lock_file.open("a") as file:
            begun = time.monotonic()
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() - begun > LOCK_LIMIT:
                        raise TimedOut(f"{self.home.lock_file} is held by another vmsim.") from None
                    progress("waiting for another vmsim of this home")
                    time.sleep(0.05)
            yield

    def _start(self, progress: Progress) -> None:
        folders = (self.home.logs, self.home.libvirt, self.home.instances, self.home.images, self.home.keys)
        for path in (*folders, self.home.runtime):
            _folder(path)
        private_libvirt.write(self.home.libvirt)
        way_out.write_resolver(self.home.libvirt / "resolv.conf", offline=self.settings.offline)
        outside.wait_gone(self.home)  # a lab that lost its power has left a broker, which sees it only just now
        with contextlib.ExitStack() as stack:
            sockets = {
                "tcp": stack.enter_context(port.bind(self.settings.port, self.home.root / "port")),
                "proxy": stack.enter_context(port.bind_any(self.settings.port, self.home.root / "proxy-port")),
                "api": stack.enter_context(_unix(self.home.api_socket)),
                "connect": stack.enter_context(_unix(self.home.connect_socket)),
            }
            here, there = socket.socketpair()
            stack.enter_context(here)
            stack.enter_context(there)
            connections = stack.enter_context(TABLE.open("rb"))
            plan = self._plan({name: each.fileno() for name, each in sockets.items()}, connections.fileno())
            self._launch(here, there, plan, *(sockets[name].getsockname()[1] for name in ("tcp", "proxy")))

    def _plan(self, sockets: dict[str, int], connections: int) -> Plan:
        libvirtd = command.find("libvirtd")
        if libvirtd is None:
            raise HostError("libvirtd is not installed.", hint="Run scripts/setup, or `vmsim doctor`.")
        return Plan(
            home=str(self.home.root),
            runtime=str(self.home.runtime),
            libvirt=str(self.home.libvirt),
            logs=str(self.home.logs),
            boot=str(uuid.uuid4()),
            daemon=list(self._daemon),
            libvirtd=libvirtd,
            sockets=sockets,
            log_bytes=self.settings.log_bytes,
            down_limit=self.settings.down_limit,
            kept=[str(self.home.root), str(self.home.runtime), str(config.cache()), sys.prefix, sys.base_prefix],
            connections=connections,
        )

    def _launch(self, here: socket.socket, there: socket.socket, plan: Plan, number: int, proxy: int) -> None:
        """Talk PID 1 into being; the words are in init.py."""
        log = (self.home.logs / "init.log").open("ab")
        with log:
            starter = command.start(
                [*same_code.argv("vmsim.lab.init"), str(there.fileno())],
                stdout=log.fileno(),
                stderr=log.fileno(),
                pass_fds=[there.fileno(), *plan.sockets.values(), plan.connections],
                env=same_code.environment(),
                cwd=Path("/"),
            )
        there.close()
        here.settimeout(UP_LIMIT)
        try:
            with here.makefile("r") as said:
                here.sendall(plan.to_json().encode() + b"\n")
                if namespaces.rootless():
                    self._hear(said.readline(), "unshared")
                    namespaces.map_ids(starter.pid)
                    here.sendall(b"mapped")
                pid = int(self._hear(said.readline(), "pid"))
                made = identity.record(pid, plan.boot, number, time.time(), proxy, offline=self.settings.offline)
                made.save(self.home.lab_copy)
                made.save(self.home.lab_file)
                here.sendall(b"go")
                self._hear(said.readline(), "ready")
        except BaseException:
            starter.kill()
            here.close()
            raise
        finally:
            starter.wait()

    def _hear(self, line: str, word: str) -> str:
        """The rest of a line that must begin with `word`; anything else is why the lab could not be made."""
        first, _, rest = line.strip().partition(" ")
        if first == word:
            return rest
        why = rest if first == "error" else "it ended: " + "\n".join(logs.tail(self.home.logs / "init.log", 10))
        raise HostError(f"The lab cannot be made: {why}", hint=namespaces.DOCTOR)

    def _wait_ready(self, limit: float, progress: Progress) -> None:
        found = self._record()
        if found is None:
            raise HostError("The lab ended while it was starting.", hint=f"See {self.home.logs / 'init.log'}.")
        with _pidfd(found.pid) as pidfd:
            readiness.wait(self.home.api_socket, pidfd, self._children, self.home.logs, limit, progress)

    def _broker(self, progress: Progress) -> AbstractContextManager[None]:
        return outside.there(self.home, self._record(), self.settings.log_bytes, progress)

    def _end(self, found: identity.LabRecord, progress: Progress, limit: float) -> None:
        with _pidfd(found.pid) as pidfd:
            progress("shutting the guests down")
            signal.pidfd_send_signal(pidfd, signal.SIGTERM)
            for second in range(1, int(limit) + 2):
                if _gone(pidfd, 1.0):
                    break
                progress(f"shutting the guests down ({second} s, {self._guests()} left)")
            else:
                progress("pulling the plug")
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
                if not _gone(pidfd, PLUG_LIMIT):
                    raise TimedOut(f"Process {found.pid}, the lab, does not end even by SIGKILL.")
        left = identity.processes(found.namespace)
        if left:
            raise HostError(f"Processes of the lab are left: {', '.join(map(str, left))}.")

    def _guests(self) -> int:
        """How many QEMU processes there still are."""
        return sum(_name(pid).startswith("qemu-system") for pid in self.processes())

    def _sweep(self) -> None:
        outside.wait_gone(self.home)
        self.home.lab_file.unlink(missing_ok=True)
        if self.home.runtime.exists():
            shutil.rmtree(self.home.runtime)


def vars_of(home: Home) -> list[Path]:
    """Every path directly in a home that its description knows."""
    named = (getattr(home, name) for name, value in vars(Home).items() if isinstance(value, property))
    return [path for path in named if isinstance(path, Path) and path.parent == home.root]


def _folder(path: Path) -> None:
    """A folder of this user's alone; one in /tmp that somebody else made first is not it."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        hint = "Set VMSIM_HOME to another folder."
        raise HostError(f"{path} cannot be made: {error.strerror}.", hint=hint) from error
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise HostError(f"{path} belongs to somebody else, or is no folder.", hint="Remove it.")
    path.chmod(0o700)


def _unix(path: Path) -> socket.socket:
    """A listening Unix socket; a dead one in its place is replaced (we hold the lock: it is nobody's)."""
    path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.bind(str(path))
    path.chmod(0o600)
    made.listen(1024)
    return made


@contextlib.contextmanager
def _pidfd(pid: int) -> Iterator[int]:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError as error:
        raise LabNotRunning("The lab has just ended.") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _gone(pidfd: int, limit: float) -> bool:
    return bool(select.select([pidfd], [], [], limit)[0])


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text()
    except OSError:
        return ""
