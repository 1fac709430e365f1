"""Images of a home. The tiny one is there by itself as soon as it has been built (`vmsim image build tiny`).

Built images lie in the cache, shared by all homes; a home links (or copies) what its disks are backed by, so that
a rebuilt cache never changes the ground under an existing disk.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from vmsim.cloud.context import Cloud
from vmsim.cloud.query import Filter, Page
from vmsim.config import cache
from vmsim.host import qcow2
from vmsim.model import ids as model_ids
from vmsim.model.errors import NotFound, UsageError
from vmsim.model.image import Image
from vmsim.store import images

TINY = "tiny"
TINY_MEMORY_MIB = 128
_DESCRIPTION = "a small guest made from Debian packages"


def cached(name: str) -> Path:
    """Where a built image lies."""
    return cache() / "images" / f"{name}.qcow2"


def all(cloud: Cloud, region: str | None = None) -> tuple[Image, ...]:
    """Every image there is, or those of a region: its own and the public ones. Takes in what was built since."""
    _take_in_tiny(cloud)
    with cloud.store.reading() as connection:
        return tuple(image for image in images.all_of(connection) if region is None or image.region in (region, ""))


def get(cloud: Cloud, ident: str, region: str | None = None) -> Image:
    """By id or name."""
    for image in all(cloud, region):
        if ident in (image.id, image.name):
            return image
    if ident.startswith("img-"):
        model_ids.check("img", ident)
        raise NotFound("image", ident, hint="`vmsim image list` shows them.", code="InvalidImageId.NotFound")
    raise NotFound(
        "image",
        ident,
        hint="`vmsim image build tiny` makes the tiny one." if ident == TINY else "`vmsim image list` shows them.",
        code="InvalidImageId.NotFound" if ident == TINY else "InvalidImageId.Malformed",
    )


def query(
    cloud: Cloud,
    ids: Sequence[str] = (),
    filters: Sequence[Filter] = (),
    offset: int = 0,
    limit: int | None = 20,
    *,
    region: str | None = None,
) -> Page[Image]:
    chosen = [image for image in all(cloud, region) if not ids or image.id in ids]
    for one in filters:
        chosen = [image for image in chosen if _matches(image, one)]
    return Page(len(chosen), tuple(chosen[offset:][:limit]))


def file_of(cloud: Cloud, image_id: str) -> Path:
    """What system disks of an image are backed by; that of a deleted image stays while an instance needs it."""
    kept = private_file(cloud, image_id)
    return kept if kept.exists() else Path(get(cloud, image_id).path)


def private_file(cloud: Cloud, image_id: str) -> Path:
    """Where the file of an image is that was made here."""
    return cloud.home.images / f"{image_id}.qcow2"


def _matches(image: Image, asked: Filter) -> bool:
    if asked.name.startswith("tag:"):
        return image.tags.get(asked.name.removeprefix("tag:")) in asked.values
    test = _FILTERS.get(asked.name)
    if test is None:
        raise UsageError(f"There is no filter {asked.name!r}.", code="InvalidFilter")
    return any(test(image, value) for value in asked.values)


_FILTERS: dict[str, Callable[[Image, str], bool]] = {
    "image-id": lambda image, value: image.id == value,
    "image-type": lambda image, value: value == image.type,
    "image-name": lambda image, value: value.lower() in image.name.lower(),
    "platform": lambda image, value: value.lower() in image.platform.lower(),
    "tag-key": lambda image, value: value in image.tags,
    "tag-value": lambda image, value: value in image.tags.values(),
    "dedicated-cluster-id": lambda image, value: False,
    "cdc-cache-status": lambda image, value: False,
}


def _take_in_tiny(cloud: Cloud) -> None:
    """Its bytes name the file, so a rebuilt image becomes a new file and old disks keep theirs.

    Looked at on every request, so it is read again only when the built file is another than the last time.
    """
    built = cached(TINY)
    if not built.exists():
        return
    state = built.stat()
    mark = f"{state.st_ino}-{state.st_size}-{state.st_mtime_ns}"
    if cloud.taken_in.get(TINY) == mark:
        return
    digest = hashlib.sha256(built.read_bytes()).hexdigest()
    kept = cloud.home.images / f"{TINY}-{digest[:12]}.qcow2"
    if not kept.exists():
        _link_or_copy(built, kept)
    with cloud.store.reading() as connection:
        known = {image.name: image for image in images.all_of(connection)}
    if TINY not in known or (known[TINY].sha256, known[TINY].description) != (digest, _DESCRIPTION):
        _put_tiny(cloud, kept, digest)
    cloud.taken_in[TINY] = mark


def _put_tiny(cloud: Cloud, kept: Path, digest: str) -> None:
    size = -(-qcow2.info(kept, shared=True).virtual_size // 2**30)
    image = Image(
        id=model_ids.derived("img", TINY),
        name=TINY,
        os_name="vmsim tiny (Linux, busybox) 64bit",
        platform="Debian",
        architecture="x86_64",
        size_gib=size,
        memory_mib=TINY_MEMORY_MIB,
        login_user="root",
        path=str(kept),
        sha256=digest,
        created=cloud.clock.now(),
        description=_DESCRIPTION,
    )
    with cloud.store.writing() as connection:
        images.put(connection, image)


def _link_or_copy(source: Path, target: Path) -> None:
    """Complete or not at all; a link where both are on one file system."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f"{target.name}.{os.getpid()}-{threading.get_ident()}.new")
    temporary.unlink(missing_ok=True)
    try:
        os.link(source, temporary)
    except OSError:
        shutil.copyfile(source, temporary)
    temporary.replace(target)
    # Two links of one file: renaming one to the other does nothing, and leaves both (another thread was first).
    temporary.unlink(missing_ok=True)
