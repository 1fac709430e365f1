"""Accepting CreateDisks: everything is checked in one transaction, or nothing is. The records come with the files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import capacity
from vmsim.cloud.context import Cloud
from vmsim.cloud.jobs.job import begin
from vmsim.model import ids, regions
from vmsim.model.disk import MOST_GIB, DiskRequest, DiskUsage, Snapshot, SnapshotState
from vmsim.model.errors import Missing, NotFound, Refused, UsageError
from vmsim.model.job import JobKind, JobRecord
from vmsim.model.operation import Caller
from vmsim.store import client_tokens, jobs, snapshots

ACTION = "CreateDisks"
MOST_AT_ONCE = 50
LONGEST_NAME = 60
"""Bytes."""
WRITTEN_BY_EMPTY = 2**20


@dataclass(frozen=True)
class Made:
    """The ids of the new disks, and the jobs that make them; none where the answer is a repeated one."""

    ids: tuple[str, ...]
    jobs: tuple[JobRecord, ...] = ()


def create(cloud: Cloud, request: DiskRequest, *, caller: Caller, request_id: str) -> Made:
    request = _checked(request)
    digest = hashlib.sha256(repr(request).encode()).hexdigest()
    with cloud.store.writing() as connection:
        repeated = _answered_before(connection, request, digest)
        if repeated is not None:
            return repeated
        arguments = _arguments(cloud, connection, request)
        new = tuple(ids.new("disk") for _ in range(request.count))
        records = tuple(
            begin(cloud, connection, JobKind.CREATE_DISK, one, arguments, caller=caller, request_id=request_id)
            for one in new
        )
        if request.client_token:
            now = cloud.clock.now().timestamp()
            client_tokens.remember(connection, ACTION, request.region, request.client_token, digest, list(new), now)
    cloud.hand_over(JobKind.CREATE_DISK.value, [record.id for record in records])
    return Made(new, records)


def check_name(name: str) -> str:
    if len(name.encode()) > LONGEST_NAME or not (name == name.strip() and (name.isprintable())):
        raise UsageError(
            f"{name!r} cannot be a disk's name: it has at most {LONGEST_NAME} bytes, all printable.",
            code="InvalidParameterValue",
        )
    if name.startswith("disk-"):
        raise UsageError(f"{name!r} cannot be a disk's name: `disk-` is for ids.", code="InvalidParameterValue")
    return name


def check_size(size_gib: int, least: int = 1) -> None:
    if not least <= size_gib <= MOST_GIB:
        raise UsageError(
            f"A disk of {size_gib} GiB was asked for; {least} to {MOST_GIB} are possible.",
            code="InvalidParameterValue",
        )


def snapshot_of(connection: Connection, region: str, snapshot_id: str) -> Snapshot:
    """A snapshot that a data disk can be made of."""
    found = snapshots.one(connection, ids.check("snap", snapshot_id))
    if found is None or found.region != region:
        raise NotFound("snapshot", snapshot_id, code="InvalidSnapshotId.NotFound")
    if found.disk_usage is not DiskUsage.DATA:
        raise Refused(f"Snapshot {found.id} is of a system disk.", code="InvalidParameterValue")
    if found.state is not SnapshotState.NORMAL:
        raise Refused(f"Snapshot {found.id} is {found.state.value}.", hint="Wait for it.", code="ResourceBusy")
    return found


def written_by_copy(snapshot: Snapshot) -> int:
    """A copy is as thin as the snapshot."""
    path = Path(snapshot.path)
    return path.stat().st_blocks * 512 if path.exists() else 0


def being_made_of(connection: Connection, snapshot_id: str) -> list[str]:
    """Disks that are copied from a snapshot just now: it must stay."""
    return [
        job.subject_id
        for job in jobs.unsettled(connection)
        if job.kind is JobKind.CREATE_DISK and job.arguments["snapshot_id"] == snapshot_id
    ]


def _checked(request: DiskRequest) -> DiskRequest:
    region = regions.region(request.region)
    zone = regions.check_zone(region.name, request.zone) if request.zone else region.zone_names()[0]
    if not 1 <= request.count <= MOST_AT_ONCE:
        raise UsageError(
            f"{request.count} disks were asked for; 1 to {MOST_AT_ONCE} can be made at once.",
            code="InvalidParameterValue.LimitExceeded",
        )
    if not (request.size_gib or request.snapshot_id):
        raise Missing("Neither a size nor a snapshot is given.", code="MissingParameter")
    if request.charge_type == "PREPAID" and request.prepaid_months < 1:
        raise Missing("A prepaid disk needs a period.", code="MissingParameter")
    check_name(request.name)
    return replace(request, region=region.name, zone=zone)


def _arguments(cloud: Cloud, connection: Connection, request: DiskRequest) -> dict[str, Any]:
    """What the jobs are told; the size is settled here."""
    size, written = request.size_gib, WRITTEN_BY_EMPTY
    if request.snapshot_id:
        snapshot = snapshot_of(connection, request.region, request.snapshot_id)
        size, written = size or snapshot.size_gib, written_by_copy(snapshot)
        if size < snapshot.size_gib:
            raise UsageError(
                f"Snapshot {snapshot.id} has {snapshot.size_gib} GiB; a disk of {size} GiB was asked for.",
                code="InvalidParameterValue",
            )
    check_size(size)
    capacity.check_disk(cloud, written * request.count)
    kept = {name: value for name, value in vars(request).items() if name not in ("count", "client_token")}
    return {**kept, "size_gib": size}


def _answered_before(connection: Connection, request: DiskRequest, digest: str) -> Made | None:
    if not request.client_token:
        return None
    answer = client_tokens.answer(connection, ACTION, request.region, request.client_token)
    if answer is None:
        return None
    if answer[0] != digest:
        raise UsageError(
            "This ClientToken was used for a different request.", code="InvalidParameter.InvalidClientToken"
        )
    return Made(tuple(answer[1]))
