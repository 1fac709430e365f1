from __future__ import annotations

import sys
from pathlib import Path

import pytest

from vmsim import daemon
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


def test_a_parser_that_is_not_installed_is_noticed_before_anybody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a server's own task it would go unseen, and every caller would wait."""
    monkeypatch.setitem(sys.modules, "httptools", None)
    monkeypatch.delitem(sys.modules, "uvicorn.protocols.http.httptools_impl", raising=False)
    with pytest.raises(ImportError, match="httptools"):
        daemon._server(object(), daemon.QUICK)
