"""What says that a lab runs is damaged or removed: the lab is found all the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from vmsim.lab import identity
from vmsim.lab.lab import Lab
from vmsim.model.errors import HostError

pytestmark = pytest.mark.tools


def test_a_running_lab_is_found_though_its_file_was_damaged_by_hand(new: Callable[..., Lab]) -> None:
    lab = new()
    first = lab.up()
    lab.home.lab_file.write_text("{}")
    assert lab.status() == first
    assert lab.up() == first and identity.load(lab.home.lab_file) is not None
    lab.home.lab_file.unlink()
    lab.down()
    assert not identity.started(first.pid)


def test_a_lab_whose_home_was_removed_under_it_goes_down(new: Callable[..., Lab]) -> None:
    lab = new()
    status = lab.up()
    shutil.rmtree(lab.home.root)
    with pytest.raises(HostError, match="was removed"):
        lab.up()
    shutil.rmtree(lab.home.root)
    lab.down()
    assert not identity.started(status.pid) and not lab.home.runtime.exists()
