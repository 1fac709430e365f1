"""Asking for an image of one's own: of an instance, of snapshots, of a file of this host."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from vmsim.cloud import capacity, image_records, instances, snapshots
from vmsim.cloud.context import Cloud
from vmsim.cloud.image_records import Wanted
from vmsim.cloud.jobs.job import begin
from vmsim.host import foreign_image, qcow2
from vmsim.host.foreign_image import ForeignImage
from vmsim.model.disk import DiskUsage, Snapshot, SnapshotState
from vmsim.model.errors import NotFound, Refused, UsageError
from vmsim.model.image import ImageState
from vmsim.model.import_systems import System
from vmsim.model.job import JobKind, JobRecord
from vmsim.model.lifecycle import Verb
from vmsim.model.operation import Caller, OperationRecord

_URL_ERROR = "InvalidParameter.InvalidParameterUrlError"
LEAST_MEMORY_MIB = 512
"""What an imported system is taken to need, if nobody says otherwise."""


def of_instance(
    cloud: Cloud,
    region: str | None,
    instance_id: str,
    wanted: Wanted,
    *,
    data_disk_ids: Sequence[str] = (),
    power_off: bool = False,
    caller: Caller,
    request_id: str,
) -> OperationRecord:
    """An operation on the instance; its arguments have the new image's id."""
    (record,) = instances.submit(
        cloud,
        Verb.CREATE_IMAGE,
        [instance_id],
        {**vars(wanted), "tags": dict(wanted.tags), "data_disk_ids": list(data_disk_ids)},
        region=region,
        caller=caller,
        request_id=request_id,
        force=power_off,
    )
    return record


def of_snapshots(
    cloud: Cloud, region: str, snapshot_ids: Sequence[str], wanted: Wanted, *, caller: Caller, request_id: str
) -> JobRecord:
    """One of a system disk, and any of data disks."""
    wanted.check()
    with cloud.store.writing() as connection:
        try:
            found = [snapshots.require(connection, region, one) for one in dict.fromkeys(snapshot_ids)]
        except NotFound as error:
            raise NotFound("snapshot", error.ident, code="InvalidParameter.SnapshotNotFound") from error
        ordered = _system_first(found)
        image = image_records.reserve(
            cloud,
            connection,
            region,
            wanted,
            system=ordered[0].system,
            size_gib=ordered[0].size_gib,
            source="CREATE_IMAGE",
            state=ImageState.CREATING,
            made_of=ordered,
        )
        record = begin(
            cloud,
            connection,
            JobKind.CREATE_IMAGE,
            image.id,
            {"name": image.name},
            caller=caller,
            request_id=request_id,
        )
    cloud.hand_over(record.kind.value, [record.id])
    return record


def _system_first(found: Sequence[Snapshot]) -> list[Snapshot]:
    system = [one for one in found if one.disk_usage is DiskUsage.SYSTEM]
    if not system:
        raise UsageError("None of the snapshots is of a system disk.", code="InvalidParameter.SystemSnapshotNotFound")
    if len(system) > 1:
        raise UsageError("Several snapshots are of system disks.", code="InvalidParameter.DuplicateSystemSnapshots")
    for one in found:
        if one.state is SnapshotState.CREATING:
            raise Refused(f"Snapshot {one.id} is being made.", code="ResourceUnavailable.SnapshotCreating")
        if one.state is not SnapshotState.NORMAL:
            raise Refused(f"Snapshot {one.id} is {one.state.value}.", code="ResourceInUse.DiskRollbacking")
    if not system[0].system:
        raise UsageError(f"Snapshot {system[0].id} does not say which system it holds.", code="InvalidParameterValue")
    return system + [one for one in found if one is not system[0]]


def of_file(
    cloud: Cloud,
    region: str,
    path: Path,
    system: System,
    wanted: Wanted,
    *,
    force: bool = False,
    license_type: str = "TencentCloud",
    login_user: str = "",
    memory_mib: int = 0,
    caller: Caller,
    request_id: str,
) -> JobRecord:
    """A disk image that the daemon's user can read."""
    wanted.check()
    found = foreign_image.probe(path)
    _check_no_iso(found, force=force)
    allocated = qcow2.contents_bytes(path)
    capacity.check_disk(cloud, allocated)
    with cloud.store.writing() as connection:
        image = image_records.reserve(
            cloud,
            connection,
            region,
            wanted,
            system={
                "os_name": system.os_name,
                "platform": system.platform,
                "login_user": login_user or system.login_user,
                "memory_mib": memory_mib or LEAST_MEMORY_MIB,
            },
            size_gib=found.gib,
            source="EXTERNAL_IMPORT",
            state=ImageState.IMPORTING,
            license_type=license_type,
        )
        record = begin(
            cloud,
            connection,
            JobKind.IMPORT_IMAGE,
            image.id,
            {"source": str(path), "name": image.name},
            caller=caller,
            request_id=request_id,
        )
    cloud.hand_over(record.kind.value, [record.id])
    return record


def _check_no_iso(found: ForeignImage, *, force: bool) -> None:
    if found.iso and not force:
        raise UsageError(
            f"{found.path} is an ISO image: it is imported only with Force.",
            code="InvalidParameterValue.ISOMustImportByForce",
        )


def file_of_url(url: str) -> Path:
    """What a file URL names. Raises UsageError for anything else: a caller of the API sends the daemon nowhere."""
    parts = urlsplit(url)
    path = unquote(parts.path)
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and path.startswith("/") and "\0" not in path:
        return Path(path)
    hint = "Download it and name it as file:///…, or use `vmsim image import FILE`."
    raise UsageError(f"ImageUrl {url!r} cannot be reached: only files of this host can.", hint=hint, code=_URL_ERROR)
