from __future__ import annotations

from pathlib import Path

import pytest

from vmsim.config import Home
from vmsim.daemon import check_database
from vmsim.model.errors import HostError


def test_a_lost_database_is_not_taken_for_a_new_home(tmp_path: Path) -> None:
    home = Home(tmp_path)
    check_database(home)
    home.instance("ins-00000001").mkdir(parents=True)
    for _ in range(2):
        with pytest.raises(HostError, match="disks of ins-00000001"):
            check_database(home)
        home.database.touch()
    home.database.write_text("something")
    check_database(home)
