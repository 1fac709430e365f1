"""Homes, and settings from defaults, file and environment; what cannot be read is refused by name."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from vmsim import config
from vmsim.config import Home, Settings
from vmsim.model.errors import UsageError


@pytest.mark.parametrize(
    ("environment", "root"),
    [
        ({"VMSIM_HOME": "/srv/lab", "XDG_DATA_HOME": "/data", "HOME": "/h"}, "/srv/lab"),
        ({"VMSIM_HOME": "", "XDG_DATA_HOME": "/data", "HOME": "/h"}, "/data/vmsim"),
        ({"HOME": "/h"}, "/h/.local/share/vmsim"),
    ],
)
def test_which_home_is_meant(environment: dict[str, str], root: str) -> None:
    assert config.home(environment).root == Path(root)


def test_a_home_may_be_named_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert config.home({"VMSIM_HOME": "lab"}).root == tmp_path / "lab"


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"VMSIM_CACHE": "/fast", "XDG_CACHE_HOME": "/c", "HOME": "/h"}, "/fast"),
        ({"XDG_CACHE_HOME": "/c", "HOME": "/h"}, "/c/vmsim"),
        ({"HOME": "/h"}, "/h/.cache/vmsim"),
    ],
)
def test_where_images_are_cached(environment: dict[str, str], folder: str) -> None:
    assert config.cache(environment) == Path(folder)


def test_sockets_fit_into_the_kernels_107_bytes_however_long_the_home() -> None:
    home = Home(Path("/tmp", *["a-long-name"] * 30))
    assert all(
        len(str(path)) < 107
        for path in (home.api_socket, home.connect_socket, home.serial_socket("ins-12345678"), home.runtime)
    )


def test_two_homes_have_two_folders_for_sockets() -> None:
    assert Home(Path("/a")).runtime != Home(Path("/b")).runtime == Home(Path("/b")).runtime


def test_inside_the_lab_the_folder_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VMSIM_RUNTIME", "/tmp/told")
    assert Home(Path("/a")).api_socket == Path("/tmp/told/api.sock")


def test_an_instance_has_a_folder() -> None:
    home = Home(Path("/a"))
    assert home.serial_log("ins-1") == home.instance("ins-1") / "serial.log" == Path("/a/instances/ins-1/serial.log")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_defaults_need_no_file(home: Home) -> None:
    assert config.settings(home, {}) == Settings()
    assert (Settings().port, Settings().soft_stop_limit, Settings().accel) == (8321, 300.0, "auto")


def test_the_file_changes_defaults_and_the_environment_the_file(home: Home) -> None:
    home.settings_file.write_text("[vmsim]\nport = 9000\nsoft_stop_limit = 5\ntype_change_powers_on = yes\n")
    found = config.settings(home, {"VMSIM_PORT": "0", "VMSIM_ACCEL": "tcg", "VMSIM_REGION": ""})
    assert (found.port, found.soft_stop_limit, found.type_change_powers_on) == (0, 5.0, True)
    assert (found.accel, found.region) == ("tcg", "ap-guangzhou")


def test_a_file_that_is_no_text_is_named(home: Home) -> None:
    home.settings_file.write_bytes(b"[vmsim]\nport = \xff\n")
    with pytest.raises(UsageError, match="cannot be read"):
        config.settings(home, {})


def test_a_folder_in_its_place_is_named(home: Home) -> None:
    home.settings_file.mkdir()
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        config.settings(home, {})


def test_other_sections_are_somebody_elses(home: Home) -> None:
    home.settings_file.write_text("[other]\nport = 1\n")
    assert config.settings(home, {}) == Settings()


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_every_setting_has_its_variable(home: Home, name: str) -> None:
    default = getattr(Settings(), name)
    by_name = {"accel": "kvm", "region": "ap-tokyo"}
    given = by_name.get(name) or {bool: "true", int: "7", float: "7.5", str: "x"}[type(default)]
    found = getattr(config.settings(home, {f"VMSIM_{name.upper()}": given}), name)
    assert found != default and type(found) is type(default)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("VMSIM_PORT", "many", "setting port is 'many'; it must be a whole number"),
        ("VMSIM_PORT", "8.5", "setting port is"),
        ("VMSIM_SOFT_STOP_LIMIT", "soon", "setting soft_stop_limit is 'soon'; it must be a number"),
        ("VMSIM_TYPE_CHANGE_POWERS_ON", "maybe", "setting type_change_powers_on is 'maybe'; it must be true or false"),
        ("VMSIM_ACCEL", "xen", "accel is 'xen'"),
        ("VMSIM_REGION", "ap-moon", "There is no region 'ap-moon'"),
        ("VMSIM_PORT", "-1", "setting port is -1; it must be 0 or more, up to 65535"),
        ("VMSIM_PORT", "65536", "setting port is 65536"),
        ("VMSIM_DOWN_LIMIT", "-0.5", "setting down_limit is -0.5; it must be 0 or more"),
        ("VMSIM_BOOT_LIMIT", "nan", "setting boot_limit is nan"),
        ("VMSIM_BOOT_LIMIT", "inf", "setting boot_limit is inf"),
        ("VMSIM_DOWN_LIMIT", "1e5", "setting down_limit is 100000.0; it must be 0 or more, up to 86400"),
        ("VMSIM_WORKERS", "0", "setting workers is 0; it must be 1 or more"),
    ],
)
def test_a_bad_value_is_named(home: Home, variable: str, value: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        config.settings(home, {variable: value})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[vmsim]\nprot = 1\n", "unknown setting prot"),
        ("port = 1\n", "cannot be read"),
        ("[vmsim]\nport = 1\nport = 2\n", "cannot be read"),
        ("[vmsim]\nport = x\n", "setting port is 'x'"),
        ("[vmsim]\nregion = 50%\n", "There is no region '50%'"),
    ],
)
def test_a_bad_file_is_named(home: Home, text: str, said: str) -> None:
    home.settings_file.write_text(text)
    with pytest.raises(UsageError, match=said):
        config.settings(home, {})
