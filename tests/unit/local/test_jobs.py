from __future__ import annotations

import pytest

from vmsim.client import Client
from vmsim.cloud.context import Cloud
from vmsim.cloud.jobs.job import JobOutcome, begin, settle
from vmsim.model.errors import NotFound
from vmsim.model.job import JobKind
from vmsim.model.operation import Caller


def test_a_job_is_read_and_followed_to_its_end(cloud: Cloud, client: Client) -> None:
    with cloud.store.writing() as connection:
        record = begin(
            cloud, connection, JobKind.CREATE_DISK, "disk-00000001", {}, caller=Caller("cli"), request_id="asked"
        )
    assert client.get(f"/v1/jobs/{record.id}")["job"]["state"] == "OPERATING"
    seen: list[tuple[str, str]] = []
    for job in client.stream(f"/v1/jobs/{record.id}/follow"):
        if not seen:
            settle(cloud, record, JobOutcome(False, "it broke"), lambda *_: None)
        seen.append((job["state"], job["error"]))
    assert seen == [("OPERATING", ""), ("FAILED", "it broke")]


def test_one_that_is_not_there(client: Client) -> None:
    with pytest.raises(NotFound):
        client.get("/v1/jobs/job-unknown0")
    with pytest.raises(NotFound):
        list(client.stream("/v1/jobs/job-unknown0/follow"))
