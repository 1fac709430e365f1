"""Small guests' disks without a guest, and the editor run on them as the lab would run it.

`Guests(folder).make()` writes a disk with the files of a plausible guest; `guest.edit(...)` and the like call the
product in a process of its own (driver.py), as root of a user namespace where the tests do not run as root;
`guest.read(path)` looks with debugfs, which shares nothing with the code under test.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any

import psutil

import vmsim
from vmsim.host import command, qcow2
from vmsim.host.guest_disk.edits import Edits, to_json
from vmsim.lab.namespaces import run_mapped

MIB = 2**20
PACKAGES = Path(vmsim.__file__).resolve().parents[1]
DRIVER = Path(__file__).with_name("driver.py")

FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\ndebian:x:1000:1001::/home/debian:/bin/sh\n",
    "etc/shadow": "root:!:1:0:99999:7:::\ndebian:$6$old$old:0:0:99999:7:::\n",
    "etc/hostname": "old-name\n",
    "etc/hosts": "127.0.0.1 localhost\n127.0.1.1\told-name.example old-name\n",
    "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
    "etc/ssh/ssh_host_rsa_key": "old rsa\n",
    "etc/ssh/ssh_host_ed25519_key": "old ed25519\n",
    "etc/ssh/sshd_config": "Include /etc/ssh/sshd_config.d/*.conf\nPasswordAuthentication yes\n",
    "var/lib/dbus/machine-id": "0123456789abcdef0123456789abcdef\n",
    "usr/lib/os-release": 'ID=debian\nVERSION_ID="12"\n',
    "home/debian/.ssh/authorized_keys": "ssh-ed25519 OLD\n",
    "root/.profile": "# nothing\n",
}
LINKS = {"etc/os-release": "../usr/lib/os-release"}


@dataclass
class FileFacts:
    mode: int
    uid: int
    gid: int


@dataclass
class Guest:
    """One disk, where its root begins, and what can be done to it."""

    disk: Path
    start: int

    def edit(self, edits: Edits, **more: object) -> dict[str, Any]:
        return self.call("edit", edits=to_json(edits), **more)

    def edit_new(self, edits: Edits, **more: object) -> dict[str, Any]:
        return self.call("edit_new", edits=to_json(edits), **more)

    def resize(self, size: int, *, fill: bool, **more: object) -> dict[str, Any]:
        return self.call("resize", size=size, fill=fill, **more)

    def argv(self, call: str, **job: object) -> list[str]:
        return [
            "env",
            f"PYTHONPATH={PACKAGES}",
            sys.executable,
            str(DRIVER),
            json.dumps({"call": call, "disk": str(self.disk), **job}),
        ]

    def call(self, call: str, **job: object) -> dict[str, Any]:
        """{"result": …} or {"error": …}; or {"killed": …} when the process killed itself."""
        done = run_mapped(self.argv(call, **job))
        if done.returncode != 0:
            assert "die_at" in job, done.stderr.decode()
            return {"killed": done.returncode}
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def start_edit(self, edits: Edits, **more: object) -> Popen[bytes]:
        """The same, without waiting; `kill_callers` ends it."""
        mapped = "import sys; from vmsim.lab.namespaces import run_mapped; run_mapped(sys.argv[1:])"
        argv = self.argv("edit", edits=to_json(edits), **more)
        return command.start([sys.executable, "-c", mapped, *argv], env={"PYTHONPATH": str(PACKAGES)})

    def stop_process(self, pattern: str, caller: int) -> bool:
        """Stop, as by SIGSTOP, a process whose command line names this disk and matches; False when there is none.

        Only pids above the caller's are looked at: the tools run for milliseconds.
        """
        for pid in [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]:
            with suppress(OSError):
                line = Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ") if pid > caller else ""
                if str(self.disk) in line and re.search(pattern, line):
                    os.kill(pid, signal.SIGSTOP)
                    return True
        return False

    def let_go_on(self) -> None:
        """Undo `stop_process`."""
        for process in psutil.process_iter(["cmdline"]):
            if str(self.disk) in " ".join(process.info["cmdline"] or ()):
                with suppress(psutil.Error):
                    process.resume()

    def kill_callers(self) -> None:
        """As kill -9 of the daemon: the process that called `edit`, none of those it started."""
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                words = process.cmdline()
                if str(DRIVER) in words and str(self.disk) in words[-1]:
                    process.kill()

    def mapped(self, argv: list[str]) -> str:
        return run_mapped(argv).stdout.decode()

    def read(self, path: str) -> str | None:
        """None when there is no such file."""
        if self.facts(path) is None:
            return None
        return self.debugfs(f"cat {path}")

    def facts(self, path: str) -> FileFacts | None:
        told = self.debugfs(f"stat {path}")
        found = re.search(r"Mode:\s+(\d+).*?User:\s+(\d+)\s+Group:\s+(\d+)", told, re.DOTALL)
        return FileFacts(int(found[1], 8), int(found[2]), int(found[3])) if found else None

    def debugfs(self, *requests: str, write: bool = False) -> str:
        """Only a guest that has not been grown can be written: `write` puts back what was cut out."""
        cut = self.root()
        mode = ["-w"] if write else []
        told = command.run(["debugfs", *mode, "-f", "-", str(cut)], stdin="\n".join(requests) + "\n").stdout
        if write:
            command.run(
                ["qemu-img", "convert", "-n", "-f", "raw", str(cut), "--target-image-opts", self._root_options()]
            )
        cut.unlink()
        return "".join(line for line in told.splitlines(keepends=True) if not line.startswith("debugfs: "))

    def root(self) -> Path:
        """A copy of the disk from the root's beginning on."""
        cut = self.disk.with_suffix(".root")
        command.run(["qemu-img", "convert", "--image-opts", "-O", "raw", self._root_options(), str(cut)])
        return cut

    def raw(self) -> Path:
        raw = self.disk.with_suffix(".raw")
        command.run(["qemu-img", "convert", "-f", "qcow2", "-O", "raw", str(self.disk), str(raw)])
        return raw

    def is_whole(self) -> bool:
        """Image and file system without any fault, nothing left beside the disk."""
        cut = self.root()
        checked = command.run(["e2fsck", "-fn", str(cut)], check=False)
        cut.unlink()
        assert checked.returncode == 0, checked.stdout
        return qcow2.check(self.disk).clean and sorted(self.disk.parent.glob(self.disk.name + ".*")) == []

    def _root_options(self) -> str:
        return f"driver=raw,offset={self.start},file.driver=qcow2,file.file.driver=file,file.file.filename={self.disk}"

    def processes(self) -> list[str]:
        """Command lines that name this disk."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                line = (folder / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            except OSError:
                continue
            if str(self.disk) in line:
                found.append(line)
        return found


@dataclass
class Guests:
    """Makes guests in one folder."""

    folder: Path

    def make(
        self,
        *,
        table: str = "dos",
        behind: bool = False,
        mib: int = 64,
        files: dict[str, str] | None = None,
        links: dict[str, str] | None = None,
    ) -> Guest:
        """`table` is dos, gpt, or empty for a file system over the whole disk; `behind` puts a partition after it."""
        shutil.rmtree(tree := self.folder / "tree", ignore_errors=True)
        for name, text in {**FILES, **(files or {})}.items():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text(text)
        for name, target in {**LINKS, **(links or {})}.items():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).symlink_to(target)
        raw, disk = self.folder / "new.raw", self.folder / "disk.qcow2"
        with raw.open("wb") as file:
            file.truncate(mib * MIB)
        start = _partition(raw, table, behind) if table else 0
        size_kib = (mib * MIB - start) // 1024 - (8 * 1024 if behind else 0) - (1024 if table else 0)
        done = run_mapped(
            [
                "mke2fs",
                "-q",
                "-t",
                "ext4",
                "-b",
                "1024",
                "-d",
                str(tree),
                "-E",
                f"offset={start}",
                str(raw),
                f"{size_kib}k",
            ]
        )
        assert done.returncode == 0, done.stderr
        command.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", str(raw), str(disk)])
        raw.unlink()
        guest = Guest(disk, start)
        guest.debugfs("sif /home/debian uid 1000", "sif /home/debian gid 1001", write=True)
        return guest


def _partition(raw: Path, label: str, behind: bool) -> int:
    """Boot partition first, root second, as many images have it; the start of the root."""
    rows = ["size=4M", "size=+" if not behind else f"size={raw.stat().st_size // MIB - 14}M"]
    rows += ["size=4M"] if behind else []
    if label == "dos":
        rows[1] += ", bootable"
    command.run(["sfdisk", "-q", str(raw)], stdin=f"label: {label}\n" + "\n".join(rows) + "\n")
    return 5 * MIB
