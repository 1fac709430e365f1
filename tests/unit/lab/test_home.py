from __future__ import annotations

from pathlib import Path

import pytest

from vmsim.config import Home, Settings
from vmsim.lab.home import remove, reset
from vmsim.lab.lab import Lab
from vmsim.lab.namespaces import run_mapped
from vmsim.model.errors import UsageError


def test_only_a_home_is_removed(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    lab = Lab(Home(tmp_path), Settings())
    with pytest.raises(UsageError, match="not a home"):
        reset(lab)
    lab.home.lock_file.touch()
    reset(lab)
    assert not tmp_path.exists()
    reset(lab)


@pytest.mark.tools
def test_files_of_the_labs_other_users_are_removed_too(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    run_mapped(["sh", "-ec", f"cd {folder}; mkdir -p deep/er; touch deep/er/file; chown -R 1000 deep; chmod 700 deep"])
    remove(folder)
    assert not folder.exists()
