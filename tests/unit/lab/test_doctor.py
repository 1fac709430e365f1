from __future__ import annotations

import json
from pathlib import Path

import pytest

from vmsim.config import Home, Settings
from vmsim.host import accelerator, command
from vmsim.lab import doctor, namespaces
from vmsim.lab.doctor import checks, free_range, report

TCG = Settings(accel="tcg")


def test_a_range_of_ids_overlaps_no_other(tmp_path: Path) -> None:
    file = tmp_path / "subuid"
    assert free_range(file) == "100000-165535"
    file.write_text("one:100000:65536\ntwo:500000:65536\nbroken\n")
    assert free_range(file) == "565536-631071"


@pytest.mark.tools
def test_what_does_not_hold_has_the_command_that_mends_it(tmp_path: Path) -> None:
    found = checks(Home(tmp_path / "none" / "yet"), TCG)
    assert all(check.mend or check.name == "accelerator" for check in found if not check.ok)
    assert len({check.name for check in found}) == len(found)
    assert {"namespaces", "/dev/net/tun", "disk space", "memory", "libvirtd"} <= {check.name for check in found}
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(("virtualises", "mend"), [(True, "sudo setfacl"), (False, "switch virtualisation on")])
def test_rights_to_a_device_that_cannot_work_mend_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, virtualises: bool, mend: str
) -> None:
    device = tmp_path / "kvm"
    device.touch(0o600)
    monkeypatch.setattr(accelerator, "DEVICE", device)
    monkeypatch.setattr(accelerator, "virtualises", lambda: virtualises)
    monkeypatch.setattr(namespaces, "rootless", lambda: True)
    (check,) = [check for check in checks(Home(tmp_path), TCG) if check.name == str(device)]
    assert check.mend.startswith(mend)


@pytest.mark.tools
def test_a_missing_program_is_found_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = doctor.Program("vmsim-no-such-program", "no-such-package", "nothing")
    monkeypatch.setattr(doctor, "PROGRAMS", (program,))
    check = next(check for check in checks(Home(tmp_path), TCG) if check.name == program.name)
    assert check.ok is False
    assert check.mend == "sudo apt-get install --no-install-recommends no-such-package"


@pytest.mark.tools
def test_filters_are_proved_in_a_network_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def proof() -> doctor.Check:
        (found,) = [check for check in checks(Home(tmp_path), TCG) if check.name == "packet filters"]
        return found

    before = command.run(["nft", "list", "tables"], check=False).stdout
    assert proof().ok is True
    assert {"table inet vmsim {", "table bridge vmsim {"} <= set(doctor.FILTERS.splitlines())
    # What a kernel without bridges' filters says of a chain that is one, another family says of a hook it has not.
    monkeypatch.setattr(doctor, "FILTERS", doctor.FILTERS.replace("table bridge vmsim", "table netdev vmsim"))
    refused = proof()
    assert refused.ok is False and "netdev" in refused.found
    assert refused.mend.startswith("sudo modprobe -a bridge nf_tables")
    assert command.run(["nft", "list", "tables"], check=False).stdout == before


@pytest.mark.tools
def test_the_report_is_json_and_tells_no_secret(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.credentials.write_text('{"SecretKey": "verysecret"}')
    text = json.dumps(report(home, TCG))
    assert "verysecret" not in text
    assert {"kernel", "checks", "vmsim", "settings"} <= set(json.loads(text))
