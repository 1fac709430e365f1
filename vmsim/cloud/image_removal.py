"""Deleting images. The record goes at once, as in the cloud; the file stays as long as a disk is, or is about to
be, backed by it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import Connection

from vmsim.cloud import events
from vmsim.cloud.context import Cloud
from vmsim.host import qcow2
from vmsim.model import ids as model_ids
from vmsim.model.disk import SnapshotState
from vmsim.model.errors import NotFound, Refused
from vmsim.model.image import Image, ImageState
from vmsim.store import images, instances, operations, snapshots

DRY_RUN = "DryRunOperation"
_AT_REST = frozenset({ImageState.NORMAL, ImageState.CREATEFAILED, ImageState.IMPORTFAILED})


def delete(
    cloud: Cloud, region: str, ids: Sequence[str], *, with_snapshots: bool = False, dry_run: bool = False
) -> None:
    """All of them or none."""
    files: list[Path] = []
    with cloud.store.writing() as connection:
        found = [_require(connection, region, one) for one in dict.fromkeys(ids)]
        for image in found:
            check(connection, image.id)
        for image in found:
            images.remove(connection, image.id)
            events.record(cloud, connection, "image", f"image {image.id} ({image.name}) deleted")
            if with_snapshots:
                files += _snapshots_gone(connection, image)
        if dry_run:
            raise Refused("The images could be deleted; nothing was done (DryRun).", code=DRY_RUN)
    cloud.reached("delete-images.recorded")
    cloud.news.ring()
    for file in files:
        file.unlink(missing_ok=True)
    sweep(cloud)


def check(connection: Connection, image_id: str, *, code: str = "InvalidImageId.IncorrectState") -> None:
    """Nothing is under way on it."""
    image = {one.id: one for one in images.all_of(connection)}.get(image_id)
    if image is not None and image.state not in _AT_REST:
        raise Refused(f"Image {image.name} is {image.state.value}: it cannot be deleted now.", code=code)


def _require(connection: Connection, region: str, ident: str) -> Image:
    model_ids.check("img", ident)
    for image in images.all_of(connection):
        if image.id == ident and image.region in (region, ""):
            if not image.region:
                raise Refused(
                    f"Image {image.name} is public: it cannot be deleted.", code="InvalidParameterValue.InvalidImageId"
                )
            return image
    raise NotFound("image", ident, code="InvalidImageId.NotFound")


def _snapshots_gone(connection: Connection, image: Image) -> Iterator[Path]:
    """Those of its snapshots that no other image has."""
    for snapshot in snapshots.by_ids(connection, image.snapshot_ids).values():
        if snapshot.image_ids:
            continue
        if snapshot.state is not SnapshotState.NORMAL:
            raise Refused(f"Snapshot {snapshot.id} is {snapshot.state.value}.", code="MutexOperation.TaskRunning")
        snapshots.remove(connection, snapshot.id)
        yield Path(snapshot.path)


def sweep(cloud: Cloud) -> None:
    """Remove the files of images and snapshots that are not there any more, unless a disk is backed by them.

    The files are listed before the records are read: each has been recorded before it was made.
    """
    of_images, of_snapshots = list(cloud.home.images.glob("img-*")), list(cloud.home.snapshots.glob("snap-*"))
    with cloud.store.reading() as connection:
        known = {image.id for image in images.all_of(connection)}
        # A reinstallation that is under way has no disk of it yet.
        known |= {str(record.arguments.get("image_id")) for record in operations.unsettled(connection)}
        lost = [path for path in of_snapshots if snapshots.one(connection, _ident(path)) is None]
        orphans = [
            path
            for path in of_images
            if _ident(path) not in known and not instances.has_of_image(connection, _ident(path))
        ]
    if orphans:
        backed = set(_backing_files(cloud))
        lost += [path for path in orphans if str(path) not in backed]
    for path in lost:
        path.unlink(missing_ok=True)


def _ident(path: Path) -> str:
    return path.name.partition(".")[0]


def _backing_files(cloud: Cloud) -> Iterator[str]:
    for path in [*cloud.home.instances.glob("*/*.qcow2*"), *cloud.home.disks.glob("*.qcow2*")]:
        try:
            yield qcow2.backing_named_in(path)
        except OSError:
            continue  # it goes while we look
