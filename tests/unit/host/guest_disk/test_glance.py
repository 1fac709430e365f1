from __future__ import annotations

import pytest

from vmsim.host import command
from vmsim.host.guest_disk.glance import glance
from vmsim.host.guest_disk.superblock import ExtState

from .small_guests import Guests

pytestmark = pytest.mark.tools


@pytest.mark.parametrize("table", ["dos", "gpt", ""])
def test_the_root_tells_whether_it_was_left_clean(guests: Guests, table: str) -> None:
    guest = guests.make(table=table)
    before = guest.disk.read_bytes()

    assert glance(guest.disk) == ExtState("ext4", True)
    assert guest.disk.read_bytes() == before


def test_a_journal_to_replay_is_seen(guests: Guests) -> None:
    guest = guests.make()
    block = guest.debugfs("blocks /etc/hostname").split()[0]
    (content := guest.disk.with_name("content")).write_bytes(bytes(1024))
    guest.debugfs("jo", f"jw -b {block} {content}", "jc", write=True)

    assert glance(guest.disk) == ExtState("ext4", False)


def test_two_file_systems_need_a_thorough_look(guests: Guests) -> None:
    guest = guests.make(behind=True)
    raw = guest.raw()
    end = int(raw.stat().st_size) - 9 * 2**20
    command.run(["mke2fs", "-q", "-F", "-t", "ext4", "-E", f"offset={end}", raw, "4096k"])
    rows = f"label: dos\nstart={guest.start // 512}, size=20M\nstart={end // 512}, size=4M\n"
    command.run(["sfdisk", "-q", raw], stdin=rows)
    command.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, guest.disk])

    assert glance(guest.disk) is None


def test_a_disk_without_a_file_system_we_know(guests: Guests) -> None:
    disk = guests.folder / "tiny.qcow2"
    command.run(["qemu-img", "create", "-q", "-f", "qcow2", disk, "4096"])
    assert glance(disk) is None

    command.run(["qemu-img", "create", "-q", "-f", "qcow2", disk, "1M"])
    assert glance(disk) is None
