"""An edit is old or new, never half, wherever it is killed; and growing, refusing, looking."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from vmsim.host import command, qcow2
from vmsim.host.guest_disk.atomic import STEPS
from vmsim.host.guest_disk.edits import Edits

from .small_guests import MIB, Guest, Guests

pytestmark = pytest.mark.tools

GIB = 2**30
LIMIT = 20.0
CHANGE = Edits(host_name="new", authorized_keys=("root", ("ssh-ed25519 NEW",)))
NEW_FROM = STEPS.index("commit")


def wait_until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + LIMIT
    while not true():
        assert time.monotonic() < deadline, what


def is_new(guest: Guest) -> bool:
    """Also demands that it is one or the other."""
    seen = (guest.read("/etc/hostname"), guest.read("/root/.ssh/authorized_keys"))
    assert seen in [("old-name\n", None), ("new\n", "ssh-ed25519 NEW\n")]
    return seen[0] == "new\n"


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_each_step_it_is_old_or_new(guests: Guests, step: str) -> None:
    guest = guests.make()
    mounts = Path("/proc/self/mounts").read_text()
    assert "killed" in guest.edit(CHANGE, die_at=step)
    wait_until(lambda: not guest.processes(), "a process outlived its caller")
    assert Path("/proc/self/mounts").read_text() == mounts
    new = STEPS.index(step) >= NEW_FROM
    expected = "committed" if new else "nothing" if step == "overlay" else "rolled-back"
    assert guest.call("recover") == {"result": expected}
    assert guest.call("recover") == {"result": "nothing"}
    assert is_new(guest) is new
    assert guest.is_whole()
    guest.edit(CHANGE)
    assert is_new(guest)
    assert guest.is_whole()


@pytest.mark.parametrize("step", STEPS)
def test_killed_while_growing_it_has_the_old_size_or_the_new(guests: Guests, step: str) -> None:
    guest = guests.make(table="gpt")
    guest.resize(GIB, fill=True, die_at=step)
    guest.call("recover")
    new = STEPS.index(step) >= NEW_FROM
    assert qcow2.info(guest.disk).virtual_size == (GIB if new else 64 * MIB)
    assert (file_system_size(guest) > 900 * MIB) is new
    assert guest.is_whole()


@pytest.mark.parametrize(
    "moment",
    [
        r"^qemu-storage-daemon(?!.*stretch)",
        r"^qemu-storage-daemon.*stretch",
        r"^qemu-img commit .*\.commit",
    ],
)
def test_killed_in_the_middle_of_a_tool_nothing_is_left(guests: Guests, moment: str) -> None:
    """The caller dies while the tool runs; where the moment was missed the edit is done, and it is tried again."""
    assert any(killed_when(guests.make(), moment) for _ in range(25)), "the tool was never seen running"


def test_the_editing_process_killed_alone_leaves_the_old(guests: Guests) -> None:
    guest = guests.make()
    caller = guest.start_edit(CHANGE)
    wait_until(lambda: any("stretch" in line for line in guest.processes()), "the storage daemon never ran")
    for process in psutil.Process(caller.pid).children(recursive=True):
        with suppress(psutil.Error):
            if "vmsim.host.guest_disk.session" in process.cmdline():
                process.kill()
    assert caller.wait(LIMIT) == 0
    assert not guest.processes()
    assert not is_new(guest)
    assert guest.is_whole()


@pytest.mark.parametrize("table", ["dos", "gpt", ""])
def test_partition_and_file_system_fill_the_bigger_disk(guests: Guests, table: str) -> None:
    guest = guests.make(table=table)
    done = guest.resize(4 * GIB, fill=True)
    assert done == {"result": {"file_system": "ext4", "filled": True, "notes": []}}
    assert qcow2.info(guest.disk).virtual_size == 4 * GIB
    assert file_system_size(guest) > 4 * GIB - 8 * MIB
    assert guest.read("/etc/hostname") == "old-name\n"
    assert guest.is_whole()
    if table:
        rows = command.run(["sfdisk", "-d", str(raw := guest.raw())]).stdout
        verdict = command.run(["sfdisk", "--verify", str(raw)])
        raw.unlink()
        assert "No errors detected" in verdict.stdout
        assert rows.count("size=") == 2
        assert ("bootable" in rows) is (table == "dos")


def test_growing_twice_and_filling_later(guests: Guests) -> None:
    guest = guests.make()
    assert guest.resize(GIB, fill=False)["result"]["filled"] is False
    assert file_system_size(guest) < 64 * MIB
    guest.edit(Edits(fill_disk=True, host_name="new"))
    assert file_system_size(guest) > GIB - 8 * MIB
    guest.resize(2 * GIB, fill=True)
    assert file_system_size(guest) > 2 * GIB - 8 * MIB
    assert guest.read("/etc/hostname") == "new\n"
    assert guest.is_whole()


def test_a_root_in_the_middle_stays_and_the_report_says_why(guests: Guests) -> None:
    guest = guests.make(behind=True)
    report = guest.resize(GIB, fill=True)["result"]
    assert report["filled"] is False
    assert report["notes"] == ["Partition 2 stays as big as it is: another partition lies behind it."]
    assert qcow2.info(guest.disk).virtual_size == GIB
    assert guest.is_whole()


def test_shrinking_is_refused_and_changes_nothing(guests: Guests) -> None:
    guest = guests.make()
    before = guest.disk.read_bytes()
    answer = guest.resize(63 * MIB, fill=True)
    assert answer["error"] == "UsageError"
    assert "cannot be made smaller" in answer["message"]
    assert guest.disk.read_bytes() == before


@pytest.mark.parametrize(("kind", "word"), [("", "its partitions and file systems"), ("swap", "its swap file system")])
def test_other_contents_grow_in_the_guest(tmp_path: Path, kind: str, word: str) -> None:
    raw, disk = tmp_path / "raw", tmp_path / "disk"
    with raw.open("wb") as file:
        file.truncate(64 * MIB)
    if kind:
        command.run(["mkswap", str(raw)])
    command.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", str(raw), str(disk)])
    guest = Guest(disk, 0)
    report = guest.resize(GIB, fill=True)["result"]
    assert (report["file_system"], report["filled"]) == (kind, False)
    assert word in report["notes"][0]
    assert qcow2.info(disk).virtual_size == GIB
    assert guest.call("inspect") == {"result": {"file_system": kind, "clean": None, "os_release": {}}}
    answer = guest.edit(CHANGE)
    assert answer["error"] == "HostError"
    assert "guestmount" in answer["message"] + answer["hint"]
    assert qcow2.check(disk).clean
    assert sorted(path.name for path in tmp_path.iterdir()) == ["disk", "raw"]


def test_a_dirty_journal_is_replayed_before_the_edit(guests: Guests) -> None:
    """As an unplugged guest leaves it: the newest host name is in the journal only."""
    guest = guests.make()
    block = guest.debugfs("blocks /etc/hostname").split()[0]
    (content := guest.disk.with_name("content")).write_bytes(b"from-the-journal\n".ljust(1024, b"\0"))
    guest.debugfs("sif /etc/hostname size 17", "jo", f"jw -b {block} {content}", "jc", write=True)
    assert guest.read("/etc/hostname") != "from-the-journal\n"
    assert guest.call("inspect")["result"]["clean"] is False
    guest.edit(Edits(machine_id=""))
    assert guest.read("/etc/hostname") == "from-the-journal\n"
    assert guest.read("/etc/machine-id") == ""
    assert guest.call("inspect")["result"]["clean"] is True
    assert guest.is_whole()


def test_a_damaged_file_system_is_left_as_it_is(guests: Guests) -> None:
    guest = guests.make()
    guest.debugfs("sif /etc block[0] 1", "sif /etc links_count 77", "clri /home", "ssv state 2", write=True)
    before = guest.disk.read_bytes()
    answer = guest.edit(CHANGE)
    assert answer["error"] == "HostError"
    assert guest.disk.read_bytes() == before


def test_inspect(guests: Guests) -> None:
    guest = guests.make(table="gpt")
    before = guest.disk.read_bytes()
    facts = guest.call("inspect")["result"]
    assert facts == {"file_system": "ext4", "clean": True, "os_release": {"ID": "debian", "VERSION_ID": "12"}}
    assert guest.disk.read_bytes() == before


def test_a_disk_in_use_is_refused_with_its_holders_name(guests: Guests) -> None:
    guest = guests.make()
    for answer in (
        guest.edit(CHANGE, held=True),
        guest.edit_new(CHANGE, held=True),
        guest.resize(GIB, fill=True, held=True),
        guest.call("inspect", held=True),
    ):
        assert answer["error"] == "InUse"
        assert re.search(r"in use by qemu-io \(pid \d+\)", answer["message"])
    assert guest.call("recover", held=True) == {"result": "nothing"}
    assert not is_new(guest)


def test_too_little_space_is_refused_before_anything_is_made(guests: Guests, tmp_path: Path) -> None:
    guest = guests.make()
    small = tmp_path / "small"
    small.mkdir()
    guest.disk.rename(tmp_path / "kept")
    inside = Guest(small / "disk", guest.start)
    script = f'mount -t tmpfs -o size=1g tmpfs {small} && cp {tmp_path}/kept {small}/disk && "$@" && ls {small}'
    edit = inside.argv("resize", size=GIB, fill=True)
    done = guest.mapped(["unshare", "--mount", "sh", "-c", script, "sh", *edit])
    assert '"OutOfResources"' in done
    assert done.endswith("disk\n")
    assert "disk.edit" not in done


def killed_when(guest: Guest, moment: str) -> bool:
    """The tool is stopped first: then only a kill ends it. The padding lets it be caught."""
    caller = guest.start_edit(CHANGE, padding=24 * MIB)
    caught = False
    while not caught and caller.poll() is None:
        caught = guest.stop_process(moment, caller.pid)
    guest.kill_callers()
    caller.wait(LIMIT)
    # One that waits for an answer through FUSE cannot die before it has it, and a stopped tool gives none.
    guest.let_go_on()
    wait_until(lambda: not guest.processes(), "a process outlived its caller")
    guest.call("recover")
    is_new(guest)
    assert guest.is_whole()
    return caught


def file_system_size(guest: Guest) -> int:
    told = guest.debugfs("stats -h")
    blocks, size = (re.search(rf"{name}:\s+(\d+)", told) for name in ("Block count", "Block size"))
    assert blocks
    assert size
    return int(blocks[1]) * int(size[1])
