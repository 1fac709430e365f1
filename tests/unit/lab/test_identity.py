from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, replace
from pathlib import Path

from vmsim.host import command
from vmsim.lab import identity


def test_a_record_survives_the_file_and_is_alive(tmp_path: Path) -> None:
    record = identity.record(os.getpid(), "boot", 8321, time.time())
    record.save(tmp_path / "lab.json")
    assert identity.load(tmp_path / "lab.json") == record
    assert record.alive()


def test_pid_start_time_and_host_boot_must_all_fit() -> None:
    record = identity.record(os.getpid(), "boot", 8321, time.time())
    assert not replace(record, started=record.started + 1).alive()
    assert not replace(record, host_boot="another").alive()
    assert not replace(record, pid=1).alive()


def test_a_torn_or_foreign_file_is_no_record(tmp_path: Path) -> None:
    nobody = asdict(replace(identity.record(os.getpid(), "", 0, 0), pid=0)) | {"started": None}
    for text in ("", "{", "[]", '{"pid": 1}', "null", json.dumps(nobody)):
        (tmp_path / "lab.json").write_text(text)
        assert identity.load(tmp_path / "lab.json") is None
    assert identity.load(tmp_path / "none") is None


def test_a_zombie_is_gone() -> None:
    process = command.start(["true"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert identity.started(process.pid) is None
    process.wait()


def test_processes_of_a_namespace_hold_this_one() -> None:
    here = str(Path("/proc/self/ns/pid").readlink())
    assert os.getpid() in identity.processes(here)
    assert identity.processes("") == {}
    assert identity.processes("pid:[1]") == {}
