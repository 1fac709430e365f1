from __future__ import annotations

import pytest

from vmsim.cloud.context import Cloud
from vmsim.model.disk import SnapshotState
from vmsim.store import snapshots

from .conftest import Vmsim


@pytest.mark.parametrize(("words", "name"), [((), "web-1-vda"), (("--name", "before"), "before")])
def test_a_snapshot_is_called_after_what_it_is_of(vmsim: Vmsim, web: str, words: tuple[str, ...], name: str) -> None:
    made = vmsim("snapshot", "create", web, *words, "--no-wait", "-o", "json")
    assert made.json()["snapshot"]["name"] == name


def test_a_long_name_is_cut_to_what_a_snapshot_may_have(vmsim: Vmsim, web: str) -> None:
    assert vmsim("rename", web, "名" * 40).code == 0
    made = vmsim("snapshot", "create", web, "--no-wait", "-o", "json")
    assert made.code == 0 and made.json()["snapshot"]["name"] == "名" * 18 + "-vda"


def test_one_is_not_put_back_under_a_running_guest(cloud: Cloud, vmsim: Vmsim, web: str) -> None:
    made = vmsim("snapshot", "create", web, "--no-wait", "-o", "json").json()["snapshot"]
    with cloud.store.writing() as connection:
        snapshots.change(connection, made["id"], state=SnapshotState.NORMAL)
    refused = vmsim("snapshot", "apply", made["name"])
    assert refused.code == 1 and f"`vmsim stop {web}` first, or use --force" in refused.err
