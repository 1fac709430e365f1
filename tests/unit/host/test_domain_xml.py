from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import libvirt
import pytest

from vmsim.host.connection import Connection
from vmsim.host.domain_xml import Accelerator, DomainSpec, domain_xml, parse
from vmsim.model.errors import LibvirtError


def tree(spec: DomainSpec) -> Element:
    return ElementTree.fromstring(domain_xml(spec))


def attribute(root: Element, path: str, name: str) -> str | None:
    found = root.find(path)
    assert found is not None, f"no {path}"
    return found.get(name)


def test_what_goes_in_comes_out(spec: DomainSpec) -> None:
    found = parse(domain_xml(spec))

    assert (found.instance_id, found.name, found.uuid) == (spec.instance_id, spec.instance_id, spec.uuid)
    assert (found.cpus, found.memory_mib, found.accelerator) == (2, 256, "tcg")
    assert found.disks == spec.disks
    assert found.interfaces == spec.interfaces


def test_a_domain_of_somebody_else_has_no_instance_id() -> None:
    found = parse("<domain type='kvm'><name>x</name><memory unit='GiB'>2</memory></domain>")

    assert (found.instance_id, found.memory_mib, found.accelerator) == ("", 2048, "kvm")


def test_the_power_button_is_there_and_an_ended_guest_is_off(spec: DomainSpec) -> None:
    root = tree(spec)

    assert root.find("features/acpi") is not None
    assert attribute(root, "os/type", "machine") == "pc"
    assert [root.findtext(name) for name in ("on_poweroff", "on_crash", "on_reboot")] == [
        "destroy",
        "destroy",
        "restart",
    ]
    assert attribute(root, "devices/panic", "model") == "isa"


def test_the_serial_port_is_a_socket_with_a_log_that_is_appended_to(spec: DomainSpec) -> None:
    root = tree(spec)

    assert attribute(root, "devices/serial", "type") == "unix"
    assert attribute(root, "devices/serial/source", "path") == "/run/x.serial"
    assert attribute(root, "devices/serial/log", "file") == "/logs/serial.log"
    assert attribute(root, "devices/serial/log", "append") == "on"


def test_emulation_bounds_its_code_cache_and_kvm_has_none(spec: DomainSpec) -> None:
    emulated, real = tree(spec), tree(replace(spec, accelerator="kvm", cpu_mode="host-model"))

    assert (emulated.get("type"), real.get("type")) == ("qemu", "kvm")
    assert emulated.findtext("features/tcg/tb-cache") == "128"
    assert real.find("features/tcg") is None
    assert attribute(real, "cpu", "mode") == "host-model"


def test_a_processor_can_be_a_model_by_name(spec: DomainSpec) -> None:
    root = tree(replace(spec, cpu_mode="kvm64"))

    assert attribute(root, "cpu", "mode") == "custom"
    assert root.findtext("cpu/model") == "kvm64"


@pytest.mark.parametrize("accelerator", ["tcg", "kvm"])
@pytest.mark.parametrize("cpu_mode", ["maximum", "host-passthrough", "host-model", "kvm64"])
def test_the_xml_is_valid_by_libvirts_schema(
    connection: Connection, spec: DomainSpec, accelerator: Accelerator, cpu_mode: str
) -> None:
    xml = domain_xml(replace(spec, accelerator=accelerator, cpu_mode=cpu_mode))

    def define(text: str) -> str:
        return connection.call(lambda raw: raw.defineXMLFlags(text, libvirt.VIR_DOMAIN_DEFINE_VALIDATE).name())

    assert define(xml) == spec.instance_id
    with pytest.raises(LibvirtError, match="XML"):
        define(xml.replace("<devices>", "<devices><nonsense/>"))


def test_threads_of_a_core(spec: DomainSpec) -> None:
    """`cpus` counts threads, as the guest does."""
    xml = domain_xml(replace(spec, cpus=4, threads=2))
    assert "<vcpu>4</vcpu>" in xml
    assert '<topology sockets="1" cores="2" threads="2" />' in xml
