"""The records of private images: reserved when an image is accepted, settled when its work has ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import images
from vmsim.cloud.context import Cloud
from vmsim.model import ids
from vmsim.model.disk import Snapshot, SnapshotState
from vmsim.model.errors import Missing, OutOfResources, Refused, UsageError
from vmsim.model.image import Image, ImageState
from vmsim.store import images as store
from vmsim.store import snapshots

LONGEST_NAME, LONGEST_DESCRIPTION, LONGEST_FAMILY = 60, 256, 128
MOST_OF_A_REGION = 500
DRY_RUN = "DryRunOperation"


@dataclass(frozen=True)
class Wanted:
    """What whoever asks for an image says about it."""

    name: str
    description: str = ""
    family: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = False

    def check(self) -> None:
        """Raises for what is wrong without a look at anything else."""
        if not self.name:
            raise Missing("ImageName is empty.", code="MissingParameter")
        for what, text, most in (
            ("ImageName", self.name, LONGEST_NAME),
            ("ImageDescription", self.description, LONGEST_DESCRIPTION),
        ):
            if len(text) > most:
                raise UsageError(
                    f"{what} has {len(text)} characters; {most} are possible.", code="InvalidParameterValue.TooLarge"
                )
        if len(self.family) > LONGEST_FAMILY:
            raise UsageError(
                f"ImageFamily has {len(self.family)} characters; {LONGEST_FAMILY} are possible.",
                code="InvalidParameterValue.InvalidImageFamily",
            )

    @staticmethod
    def of(arguments: Mapping[str, Any]) -> Wanted:
        return Wanted(**{name: arguments[name] for name in ("name", "description", "family", "tags", "dry_run")})


def reserve(
    cloud: Cloud,
    connection: Connection,
    region: str,
    wanted: Wanted,
    *,
    system: Mapping[str, Any],
    size_gib: int,
    source: str,
    state: ImageState,
    made_of: Sequence[Snapshot] = (),
    instance_id: str = "",
    license_type: str = "TencentCloud",
) -> Image:
    """The record of an image that is to be made. `system` is what Snapshot.system says."""
    others = [image for image in store.all_of(connection) if image.region in (region, "")]
    if any(image.name == wanted.name for image in others):
        raise Refused(f"There is an image {wanted.name} already.", code="InvalidImageName.Duplicate")
    if sum(bool(image.region) for image in others) >= MOST_OF_A_REGION:
        raise OutOfResources(
            f"Region {region} has {MOST_OF_A_REGION} images of its own already.", code="ImageQuotaLimitExceeded"
        )
    ident = ids.new("img")
    made = Image(
        id=ident,
        name=wanted.name,
        os_name=system["os_name"],
        platform=system["platform"],
        architecture="x86_64",
        size_gib=size_gib,
        memory_mib=system["memory_mib"],
        login_user=system["login_user"],
        path=str(images.private_file(cloud, ident)),
        sha256="",
        created=cloud.clock.now(),
        description=wanted.description,
        region=region,
        type="PRIVATE_IMAGE",
        state=state,
        source=source,
        percent=0,
        family=wanted.family,
        license_type=license_type,
        instance_id=instance_id,
        tags=dict(wanted.tags),
        snapshot_ids=tuple(snapshot.id for snapshot in made_of),
    )
    store.put(connection, made)
    if wanted.dry_run:
        raise Refused("The image could be made; nothing was done (DryRun).", code=DRY_RUN)
    return made


def made(cloud: Cloud, image_id: str, snapshot_ids: Sequence[str]) -> None:
    """The image and its snapshots are whole."""
    with cloud.store.writing() as connection:
        for ident in snapshot_ids:
            snapshots.change(connection, ident, state=SnapshotState.NORMAL, percent=100)
        store.change(connection, image_id, state=ImageState.NORMAL, percent=100)
    cloud.news.ring()


def failed(cloud: Cloud, image_id: str, snapshot_ids: Sequence[str], error: str) -> None:
    """The image says so; its half made snapshots are gone."""
    with cloud.store.writing() as connection:
        for ident in snapshot_ids:
            snapshots.remove(connection, ident)
        store.change(connection, image_id, state=ImageState.CREATEFAILED, percent=0, error=error)
    cloud.news.ring()
