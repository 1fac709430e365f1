"""A domain's XML as a pure function of its spec, and the way back.

The machine is i440fx (`pc`): the registers of its power button are known and proved (power_button.py), it boots fastest
under emulation, and Debian's cloud kernel has every driver it needs. What is fixed here, and why:

* `on_poweroff destroy`, `on_crash destroy` and a panic device: a guest that ends is off, and why is in the event.
* The serial port is a Unix socket for a console, with a log that QEMU itself appends to (no virtlogd: killed, it would
  leave running guests silent for ever).
* Emulated code is cached in 128 MiB: QEMU's default of 1 GiB is more than the guest itself.
* Disks write back with the guest's flushes honoured: what the guest synced survives a power cut.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

Accelerator = Literal["kvm", "tcg"]

NAMESPACE = "urn:vmsim:domain:1"
_TRANSLATION_CACHE_MIB = 128
_BALLOON_PERIOD = 5
_CPU_MODES = ("maximum", "host-passthrough", "host-model")
ElementTree.register_namespace("vmsim", NAMESPACE)


@dataclass(frozen=True)
class DiskSpec:
    """One disk. `serial` is what the guest reads (at most 20 characters); `target` is vda, vdb, …"""

    path: Path
    serial: str
    target: str
    format: str = "qcow2"
    read_only: bool = False


@dataclass(frozen=True)
class InterfaceSpec:
    """One network card. An `isolated` port reaches other isolated ones only through the host's filters. `device` is its
    name on the host; "" is what libvirt calls it."""

    mac: str
    network: str
    isolated: bool = False
    device: str = ""


@dataclass(frozen=True)
class DomainSpec:
    """All that makes a domain. Its name in libvirt is the instance's id."""

    instance_id: str
    uuid: str
    cpus: int
    memory_mib: int
    disks: tuple[DiskSpec, ...]
    interfaces: tuple[InterfaceSpec, ...]
    serial_log: Path
    serial_socket: Path
    display_socket: Path
    accelerator: Accelerator = "tcg"
    cpu_mode: str = "maximum"
    threads: int = 1
    """Of each core; `cpus` counts threads."""


@dataclass(frozen=True)
class ParsedDomain:
    """What an existing domain's XML says; `instance_id` is empty when the domain is not one of ours."""

    instance_id: str
    name: str
    uuid: str
    cpus: int
    memory_mib: int
    accelerator: Accelerator
    disks: tuple[DiskSpec, ...]
    interfaces: tuple[InterfaceSpec, ...]


def domain_xml(spec: DomainSpec) -> str:
    """The XML libvirt defines."""
    root = Element("domain", type="qemu" if spec.accelerator == "tcg" else "kvm")
    _identity(root, spec)
    _machine(root, spec)
    devices = SubElement(root, "devices")
    for disk in spec.disks:
        _disk(devices, disk)
    for interface in spec.interfaces:
        _interface(devices, interface)
    _serial(devices, spec)
    _other_devices(devices, spec)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode")


def disk_xml(spec: DiskSpec) -> str:
    """One disk alone, to be plugged in or out."""
    devices = Element("devices")
    _disk(devices, spec)
    return ElementTree.tostring(devices[0], encoding="unicode")


def _identity(root: Element, spec: DomainSpec) -> None:
    _text(root, "name", spec.instance_id)
    _text(root, "uuid", spec.uuid)
    metadata = SubElement(root, "metadata")
    SubElement(metadata, f"{{{NAMESPACE}}}instance", id=spec.instance_id)


def _machine(root: Element, spec: DomainSpec) -> None:
    _text(root, "memory", str(spec.memory_mib), unit="MiB")
    _text(root, "vcpu", str(spec.cpus))
    system = SubElement(root, "os")
    _text(system, "type", "hvm", arch="x86_64", machine="pc")
    SubElement(system, "boot", dev="hd")
    features = SubElement(root, "features")
    SubElement(features, "acpi")  # without it the power button does nothing, silently
    SubElement(features, "apic")
    if spec.accelerator == "tcg":
        _text(SubElement(features, "tcg"), "tb-cache", str(_TRANSLATION_CACHE_MIB), unit="MiB")
    _processor(root, spec)
    SubElement(root, "clock", offset="utc")
    for event, action in (("on_poweroff", "destroy"), ("on_reboot", "restart"), ("on_crash", "destroy")):
        _text(root, event, action)
    power = SubElement(root, "pm")
    SubElement(power, "suspend-to-mem", enabled="no")
    SubElement(power, "suspend-to-disk", enabled="no")


def _processor(root: Element, spec: DomainSpec) -> None:
    if spec.cpu_mode in _CPU_MODES:
        cpu = SubElement(root, "cpu", mode=spec.cpu_mode)
    else:
        cpu = SubElement(root, "cpu", mode="custom", match="exact", check="none")
        _text(cpu, "model", spec.cpu_mode)
    # One socket: some guests are licensed, or limited, by the socket.
    SubElement(cpu, "topology", sockets="1", cores=str(spec.cpus // spec.threads), threads=str(spec.threads))


def _disk(devices: Element, spec: DiskSpec) -> None:
    disk = SubElement(devices, "disk", type="file", device="disk")
    SubElement(disk, "driver", name="qemu", type=spec.format, cache="writeback", discard="unmap")
    SubElement(disk, "source", file=str(spec.path))
    SubElement(disk, "target", dev=spec.target, bus="virtio")
    if spec.read_only:
        SubElement(disk, "readonly")
    _text(disk, "serial", spec.serial)


def _interface(devices: Element, spec: InterfaceSpec) -> None:
    interface = SubElement(devices, "interface", type="network")
    SubElement(interface, "mac", address=spec.mac)
    SubElement(interface, "source", network=spec.network)
    if spec.device:
        SubElement(interface, "target", dev=spec.device)
    SubElement(interface, "model", type="virtio")
    SubElement(interface, "rom", enabled="no")  # nothing boots from the network: no time spent on its ROM
    if spec.isolated:
        SubElement(interface, "port", isolated="yes")


def _serial(devices: Element, spec: DomainSpec) -> None:
    serial = SubElement(devices, "serial", type="unix")
    SubElement(serial, "source", mode="bind", path=str(spec.serial_socket))
    SubElement(serial, "log", file=str(spec.serial_log), append="on")
    SubElement(serial, "target", port="0")


def _other_devices(devices: Element, spec: DomainSpec) -> None:
    SubElement(devices, "controller", type="usb", model="none")
    agent = SubElement(devices, "channel", type="unix")  # libvirt chooses the socket's path
    SubElement(agent, "source", mode="bind")
    SubElement(agent, "target", type="virtio", name="org.qemu.guest_agent.0")
    graphics = SubElement(devices, "graphics", type="vnc")
    SubElement(graphics, "listen", type="socket", socket=str(spec.display_socket))
    SubElement(SubElement(devices, "video"), "model", type="vga")
    balloon = SubElement(devices, "memballoon", model="virtio")
    SubElement(balloon, "stats", period=str(_BALLOON_PERIOD))
    _text(SubElement(devices, "rng", model="virtio"), "backend", "/dev/urandom", model="random")
    SubElement(devices, "panic", model="isa")


def _text(parent: Element, tag: str, text: str, **attributes: str) -> None:
    SubElement(parent, tag, attributes).text = text


def parse(xml: str) -> ParsedDomain:
    """What the cloud asks of an existing domain."""
    root = ElementTree.fromstring(xml)
    marker = root.find(f"metadata/{{{NAMESPACE}}}instance")
    return ParsedDomain(
        instance_id="" if marker is None else marker.get("id", ""),
        name=root.findtext("name", ""),
        uuid=root.findtext("uuid", ""),
        cpus=int(root.findtext("vcpu", "1")),
        memory_mib=_mib(root.find("memory")),
        accelerator="kvm" if root.get("type") == "kvm" else "tcg",
        disks=tuple(_parsed_disks(root.iterfind("devices/disk"))),
        interfaces=tuple(_parsed_interfaces(root.iterfind("devices/interface"))),
    )


def _mib(memory: Element | None) -> int:
    if memory is None:
        return 0
    units = {"b": 1, "bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
    return int(memory.text or "0") * units[memory.get("unit", "KiB")] // 2**20


def _parsed_disks(disks: Iterable[Element]) -> Iterable[DiskSpec]:
    for disk in disks:
        source, target, driver = disk.find("source"), disk.find("target"), disk.find("driver")
        if source is None or target is None or "file" not in source.attrib:
            continue  # an empty drive, or one that is no file: none of ours
        yield DiskSpec(
            path=Path(source.attrib["file"]),
            serial=disk.findtext("serial", ""),
            target=target.get("dev", ""),
            format="raw" if driver is None else driver.get("type", "raw"),
            read_only=disk.find("readonly") is not None,
        )


def _parsed_interfaces(interfaces: Iterable[Element]) -> Iterable[InterfaceSpec]:
    for interface in interfaces:
        mac, source, port = interface.find("mac"), interface.find("source"), interface.find("port")
        target = interface.find("target")
        yield InterfaceSpec(
            mac="" if mac is None else mac.get("address", ""),
            network="" if source is None else source.get("network", ""),
            isolated=port is not None and port.get("isolated") == "yes",
            device="" if target is None else target.get("dev", ""),
        )
