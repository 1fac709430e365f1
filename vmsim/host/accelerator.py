"""KVM or software emulation: what this machine really can, proved by booting.

    asked for ─▶ x86? device there, may it be opened? vmx or svm? ─▶ a real kernel must reach user space ─▶ kept
    (setting)    (microseconds, asked every time)                    (seconds, once a boot of the host)     in the cache

/dev/kvm may exist, open and run a BIOS on a host on which a 64-bit kernel hangs for ever without an error. So the proof
is a kernel with an initramfs whose only program prints a word (known from nowhere else, so that the kernel cannot have
printed it) and powers the machine off. Anything but the word and QEMU ending by itself within the limit is a no.
The kernel is the tiny image's own, because those in /boot may be unreadable, or missing in a container.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import stat
import struct
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from vmsim.host import command
from vmsim.model.errors import CommandFailed, HostError

DEVICE = Path("/dev/kvm")
CPUINFO = Path("/proc/cpuinfo")
BOOT_LIMIT = 10.0
EMULATED = "maximum"
# libvirt's word for the CPU → QEMU's. host-model is a subset of host-passthrough that only migration needs.
CPU_MODES = {"host-passthrough": "host", "kvm64": "kvm64"}

_FILE = "accelerator.json"
_BOOT_PARTITION = 2048 * 512


@dataclass(frozen=True)
class Verdict:
    """What guests are run with, and why. `proved`: seen in a boot, or certain without one."""

    accelerator: str
    cpu_mode: str
    reason: str
    proved: bool
    seconds: float = 0.0


@dataclass(frozen=True)
class Boot:
    """One try: `why_not` is empty when it reached user space and powered off."""

    why_not: str
    seconds: float


def probe(cache: Path, setting: str = "auto", again: bool = False, image: Path | None = None) -> Verdict:
    """The verdict for this machine; `image` is the tiny image, whose kernel is booted for the proof."""
    if setting == "tcg":
        return Verdict("tcg", EMULATED, "asked for by the setting accel", True)
    obstacle = why_not()
    if obstacle:
        if setting == "kvm":
            raise HostError(f"KVM was asked for, but {obstacle}.", hint="Set VMSIM_ACCEL to auto or tcg.")
        return Verdict("tcg", EMULATED, obstacle, True)
    key = _key()
    known = None if again else _read(cache / _FILE, key)
    if known is None:
        if image is None or not image.exists():
            return _unproved(setting)
        known = _prove(image)
        _write(cache / _FILE, key, known)
    if setting == "kvm" and known.accelerator != "kvm":
        return replace(_unproved(setting), reason=f"asked for by the setting accel, although {known.reason}")
    return known


def virtualises(cpuinfo: Path = CPUINFO) -> bool:
    """Does the CPU show Intel's or AMD's help for virtual machines?"""
    lines = [line.split() for line in cpuinfo.read_text().splitlines() if line.startswith("flags")]
    return any("vmx" in words or "svm" in words for words in lines)


def why_not(cpuinfo: Path = CPUINFO, device: Path = DEVICE) -> str:
    """What speaks against KVM before anything is booted; empty when nothing does."""
    if platform.machine() != "x86_64":
        return f"the images are for x86_64 and this machine is {platform.machine()}"
    virtual = virtualises(cpuinfo)
    if not device.exists():
        return f"there is no {device}" + ("" if virtual else " and the CPU shows neither vmx nor svm")
    if not virtual:
        return f"{device} exists, but the CPU shows neither vmx nor svm"
    try:
        os.close(os.open(device, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        return f"{device} cannot be opened: {error.strerror}"
    return ""


def boot(kernel: Path, accelerator: str, cpu: str, limit: float = BOOT_LIMIT) -> Boot:
    """Boot the kernel to user space and off again."""
    begun = time.monotonic()
    word = f"vmsim-{secrets.token_hex(16)}"
    with tempfile.TemporaryDirectory(prefix="vmsim-probe-") as folder:
        initramfs = Path(folder, "initramfs")
        initramfs.write_bytes(_initramfs(_program(word.encode() + b"\n")))
        said = _run(_qemu(kernel, initramfs, accelerator, cpu), limit)
    return Boot("" if word in said else _sentence(said), time.monotonic() - begun)


def kernel_of(image: Path, folder: Path) -> Path:
    """Copy the kernel out of a tiny image (its first partition is FAT)."""
    raw, kernel = folder / "raw", folder / "vmlinuz"
    command.run(["qemu-img", "convert", "-O", "raw", image, raw])
    command.run(["mcopy", "-n", "-i", f"{raw}@@{_BOOT_PARTITION}", "::vmlinuz", kernel])
    return kernel


def _prove(image: Path) -> Verdict:
    failures = []
    seconds = 0.0
    with tempfile.TemporaryDirectory(prefix="vmsim-probe-") as folder:
        kernel = kernel_of(image, Path(folder))
        for mode, cpu in CPU_MODES.items():
            tried = boot(kernel, "kvm", cpu)
            seconds += tried.seconds
            if not tried.why_not:
                return Verdict("kvm", mode, f"a kernel reached user space with KVM and CPU {mode}", True, seconds)
            failures.append(f"CPU {mode}: {tried.why_not}")
    return Verdict("tcg", EMULATED, f"KVM is there but boots no kernel ({'; '.join(failures)})", True, seconds)


def _unproved(setting: str) -> Verdict:
    if setting == "kvm":
        return Verdict("kvm", next(iter(CPU_MODES)), "asked for by the setting accel, not proved", False)
    return Verdict("tcg", EMULATED, "KVM may work, but the image that would prove it is not built", False)


def _qemu(kernel: Path, initramfs: Path, accelerator: str, cpu: str) -> list[str]:
    machine = ["-machine", f"pc,accel={accelerator}", "-cpu", cpu, "-m", "128", "-nodefaults", "-no-user-config"]
    console = ["-display", "none", "-serial", "stdio", "-no-reboot"]
    system = ["-kernel", str(kernel), "-initrd", str(initramfs), "-append", "console=ttyS0 panic=-1"]
    return ["qemu-system-x86_64", *machine, *console, *system]


def _run(argv: Sequence[str], limit: float) -> str:
    """What it said; an end by force or with an error takes away the right to have said the word."""
    try:
        return command.run(argv, timeout=limit).stdout
    except CommandFailed as error:
        return error.stderr if error.returncode is not None else f"not off within {limit:.0f} s"


def _sentence(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "QEMU ended without a word"


def _program(word: bytes) -> bytes:
    """A static x86-64 ELF program: write(1, word), then reboot(POWER_OFF)."""
    code = (
        b"\xb8\x01\0\0\0\xbf\x01\0\0\0"  # mov eax, 1 (write); mov edi, 1
        b"\x48\x8d\x35" + struct.pack("<i", 31) + b"\xba" + struct.pack("<I", len(word)) + b"\x0f\x05"
        # lea rsi, [rip+31] (the word); mov edx, its length; syscall
        b"\xb8\xa9\0\0\0\xbf\xad\xde\xe1\xfe"  # mov eax, 169 (reboot); mov edi, MAGIC1
        b"\xbe\x69\x19\x12\x28\xba\xdc\xfe\x21\x43\x0f\x05\xeb\xfe"  # MAGIC2; POWER_OFF; syscall; and wait
    )
    size = 64 + 56 + len(code) + len(word)
    header = b"\x7fELF\x02\x01\x01" + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0x400078, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, size, size, 0x1000)
    return header + segment + code + word


def _initramfs(program: bytes) -> bytes:
    """A cpio archive (newc) of /init and the console it speaks to."""
    console = _entry("dev/console", stat.S_IFCHR | 0o600, b"", (5, 1))
    folder = _entry("dev", stat.S_IFDIR | 0o755, b"")
    return folder + console + _entry("init", stat.S_IFREG | 0o755, program) + _entry("TRAILER!!!", 0, b"")


def _entry(name: str, mode: int, data: bytes, device: tuple[int, int] = (0, 0)) -> bytes:
    numbers = (0, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % number for number in numbers) + name.encode() + b"\0"
    return _padded(head) + _padded(data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _key() -> str:
    """What the verdict depends on."""
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    version = command.run(["qemu-system-x86_64", "--version"]).stdout.splitlines()[0]
    return f"{boot_id} {platform.release()} {version}"


def _read(file: Path, key: str) -> Verdict | None:
    try:
        kept = json.loads(file.read_text())
        return Verdict(**kept["verdict"]) if kept["key"] == key else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _write(file: Path, key: str, verdict: Verdict) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps({"key": key, "verdict": asdict(verdict)}))
    new.replace(file)
