from __future__ import annotations

import os
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from vmsim.host import command
from vmsim.model.disk import DiskState
from vmsim.model.errors import HostError
from vmsim.store import client_tokens, images, instances, migrations, networks, schema
from vmsim.store.database import Store
from vmsim.store.migrations import bring_up_to_date


def asked(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def version(path: Path) -> object:
    return asked(path, "PRAGMA user_version")[0][0]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vmsim.db"


def test_a_new_file_has_todays_schema_and_is_for_its_owner_alone(path: Path) -> None:
    before = os.umask(0)
    try:
        bring_up_to_date(path)
    finally:
        os.umask(before)
    assert version(path) == schema.VERSION
    tables = {row[0] for row in asked(path, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables - {"sqlite_sequence"} == set(schema.metadata.tables)
    indexes = {row[0] for row in asked(path, "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")}
    assert indexes == {str(index.name) for table in schema.metadata.sorted_tables for index in table.indexes}
    assert path.stat().st_mode & 0o777 == 0o600


def test_there_is_a_step_from_every_version() -> None:
    assert set(migrations.STEPS) == set(range(1, schema.VERSION))


def test_opening_again_changes_nothing(path: Path) -> None:
    bring_up_to_date(path)
    before = path.read_bytes()
    bring_up_to_date(path)
    assert path.read_bytes() == before


def test_a_newer_file_is_refused_and_left_alone(path: Path) -> None:
    bring_up_to_date(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")
    before = path.read_bytes()
    with pytest.raises(HostError, match=r"newer vmsim \(version 999"):
        bring_up_to_date(path)
    assert path.read_bytes() == before


def test_garbage_is_refused(path: Path) -> None:
    path.write_bytes(b"this is no database at all, but long enough to look like a header" * 20)
    with pytest.raises(HostError, match="is not a vmsim database"):
        bring_up_to_date(path)


def test_somebody_elses_database_is_refused_and_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE cookies (name TEXT)")
    with pytest.raises(HostError, match="holds cookies"):
        bring_up_to_date(path)
    assert asked(path, "SELECT name FROM sqlite_master") == [("cookies",)]


@pytest.mark.parametrize("table", [0, 5, len(schema.metadata.sorted_tables) - 1])
def test_killed_while_it_is_made_the_next_one_makes_it(path: Path, table: int) -> None:
    dying = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from vmsim.store import migrations\n"
        "left = [int(sys.argv[2])]\n"
        "real = migrations.CreateTable\n"
        "def made(table):\n"
        "    if left[0] == 0:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    left[0] -= 1\n"
        "    return real(table)\n"
        "migrations.CreateTable = made\n"
        "migrations.bring_up_to_date(Path(sys.argv[1]))\n"
    )
    done = command.run([sys.executable, "-c", dying, path, str(table)], check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    bring_up_to_date(path)
    assert version(path) == schema.VERSION


def add_colour(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE instances ADD COLUMN colour TEXT NOT NULL DEFAULT ''")


def add_then_fail(connection: sqlite3.Connection) -> None:
    add_colour(connection)
    raise RuntimeError("the power goes")


def test_an_older_file_goes_through_the_steps_and_a_copy_is_kept_before_each(path: Path) -> None:
    def fill(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE colours (name TEXT)")
        connection.execute("INSERT INTO colours VALUES ('red')")

    bring_up_to_date(path)
    first = schema.VERSION
    bring_up_to_date(path, {first: add_colour, first + 1: fill}, first + 2)

    assert version(path) == first + 2
    assert asked(path, "SELECT name FROM colours") == [("red",)]
    copies = [path.with_name(f"vmsim.db.before-{first + number}") for number in (1, 2)]
    assert [version(copy) for copy in copies] == [first, first + 1]
    assert "colour" not in str(asked(copies[0], "SELECT sql FROM sqlite_master"))
    assert all(copy.stat().st_mode & 0o777 == 0o600 for copy in copies)


def test_a_step_that_fails_leaves_the_file_as_it_was_and_can_be_done_again(path: Path) -> None:
    bring_up_to_date(path)
    first = schema.VERSION
    with pytest.raises(RuntimeError):
        bring_up_to_date(path, {first: add_then_fail}, first + 1)
    assert version(path) == first
    assert "colour" not in str(asked(path, "SELECT sql FROM sqlite_master"))
    bring_up_to_date(path, {first: add_colour}, first + 1)
    assert version(path) == first + 1


def columns(path: Path) -> dict[object, set[tuple[object, ...]]]:
    """Of every table: name, type, must it be there, its default, is it of the key."""
    tables = [row[0] for row in asked(path, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: {row[1:] for row in asked(path, f"PRAGMA table_info({name})")} for name in tables}


def same_shape(one: Path, other: Path) -> bool:
    """Have two files the same tables and indexes?"""

    def unquoted(found: dict[object, set[tuple[object, ...]]]) -> dict[object, set[tuple[object, ...]]]:
        return {name: {(*row[:3], str(row[3]).strip("'"), row[4]) for row in rows} for name, rows in found.items()}

    indexes = "SELECT name FROM sqlite_master WHERE type = 'index'"
    return unquoted(columns(one)) == unquoted(columns(other)) and set(asked(one, indexes)) == set(asked(other, indexes))


def test_a_file_of_the_second_version_becomes_todays_and_keeps_its_networks(path: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((Path(__file__).parent / "version_2.sql").read_text())
        connection.execute("INSERT INTO vpcs VALUES ('vpc-00000001', 'r', 'Default-VPC', '172.16.0.0/16', 1)")
        connection.execute(
            "INSERT INTO subnets VALUES ('subnet-00000001', 'vpc-00000001', 'r', 'r-1', 's', '172.16.0.0/20', 1, 1)"
        )
        connection.commit()
    new = tmp_path / "new.db"
    bring_up_to_date(new)
    store = Store(path)
    try:
        with store.reading() as connection_:
            (vpc,) = networks.vpcs_where(connection_)
            (subnet,) = networks.subnets_where(connection_)
    finally:
        store.close()
    assert (vpc.name, vpc.created, vpc.dns_servers, vpc.multicast) == ("Default-VPC", None, (), False)
    assert (subnet.bridge, subnet.created) == ("vmsim1", None)
    assert same_shape(path, new)


def test_a_file_of_the_first_version_becomes_todays_and_keeps_what_is_in_it(path: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((Path(__file__).parent / "version_1.sql").read_text())
        for values in (
            "INSERT INTO instances (id, uuid, region, zone, name, host_name, type_name, cpu, memory_mib, image_id,"
            " state, state_reason, charge_type, stop_charging, created, mac, vpc_id, subnet_id, private_ip,"
            " bandwidth_out,"
            " internet_charge_type, security_group_ids, login_user, host_key, user_data, project_id, protected,"
            " boot_with_lab, latest_request_id, latest_error, rung, paused) VALUES ('ins-00000001', 'u', 'r', 'r-1',"
            " 'n', 'h', 't', 1, 128, 'img-1', 'STOPPED', '', 'POSTPAID_BY_HOUR', 0, '2026-01-02T03:04:05.000000Z', 'm',"
            " 'v', 's', '10.0.0.2', 0, '', '[]', 'root', '', '', 0, 0, 0, '', '', 0, '')",
            "INSERT INTO disks VALUES ('disk-00000001', 'ins-00000001', 'r', 'r-1', 0, 'CLOUD_SSD', 1, '', 1, '/a')",
            "INSERT INTO disks VALUES ('disk-00000002', 'ins-00000001', 'r', 'r-1', 1, 'CLOUD_SSD', 10, '', 1, '/b')",
            "INSERT INTO images VALUES ('img-1', 'tiny', 'os', 'p', 'x86_64', 1, 128, 'root', '/i', '0',"
            " '2026-01-02T03:04:05.000000Z', 'words')",
            "INSERT INTO client_tokens VALUES ('t', 'r', 'digest', '[\"ins-00000001\"]', 1.0)",
        ):
            connection.execute(values)
        connection.commit()
    new = tmp_path / "new.db"
    bring_up_to_date(new)

    store = Store(path)
    try:
        with store.reading() as connection_:
            (instance,) = instances.where(connection_)
            (image,) = images.all_of(connection_)
            answer = client_tokens.answer(connection_, "RunInstances", "r", "t")
    finally:
        store.close()
    assert [(disk.system, disk.created, disk.state) for disk in instance.disks] == [
        (True, instance.created, DiskState.ATTACHED),
        (False, instance.created, DiskState.ATTACHED),
    ]
    assert (image.name, image.type, image.region) == ("tiny", "PUBLIC_IMAGE", "")
    assert answer == ("digest", ["ins-00000001"])

    assert same_shape(path, new)
