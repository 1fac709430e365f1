"""Built images, shared by all homes of a user (`config.cache()/images`): is one there, and building it.

`NAME.qcow2` is the image and `NAME.json` beside it says what it was made of. The cloud links an image into a home when
a disk needs it, so building one anew harms no instance.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path

from vmsim import config
from vmsim.host import image_build
from vmsim.model import ids

DEFAULT = "tiny"


@dataclass(frozen=True)
class LocalImage:
    """An image that can be built here, and what is known of it when it is built."""

    name: str
    path: str
    built: str = ""
    """When; "" as long as it is not."""
    sha256: str = ""
    file_bytes: int = 0
    virtual_size_bytes: int = 0

    @property
    def id(self) -> str:
        """The same everywhere: a public image's is made of its name (decisions 13)."""
        return ids.derived("img", self.name)


def folder() -> Path:
    return config.cache() / "images"


def listing() -> tuple[LocalImage, ...]:
    return tuple(find(name) for name in image_build.recipes())


def find(name: str) -> LocalImage:
    """Raises NotFound when it is neither built nor has a recipe."""
    path = folder() / f"{name}.qcow2"
    if not path.exists():
        image_build.recipe(name)
        return LocalImage(name, str(path))
    try:
        return LocalImage(**json.loads(_facts(path).read_text()))
    except (OSError, ValueError, TypeError):
        # The image is what counts; the note beside it may have been lost or be of another version.
        stat = path.stat()
        return LocalImage(name, str(path), _moment(stat.st_mtime), file_bytes=stat.st_size)


def build(name: str, progress: Callable[[str], None]) -> LocalImage:
    """Build it, whether it is there already or not."""
    path = find(name).path
    made = image_build.build(name, Path(path), progress)
    size = made.path.stat().st_size
    found = LocalImage(
        name, path, _moment(datetime.now(timezone.utc).timestamp()), made.sha256, size, made.virtual_size_bytes
    )
    temporary = _facts(made.path).with_suffix(".new")
    temporary.write_text(json.dumps(asdict(found), indent=1))
    temporary.replace(_facts(made.path))
    return found


def ensure(name: str, progress: Callable[[str], None]) -> LocalImage:
    """Build it unless it is there."""
    found = find(name)
    return found if found.built else build(name, progress)


def _facts(image: Path) -> Path:
    return image.with_suffix(".json")


def _moment(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
