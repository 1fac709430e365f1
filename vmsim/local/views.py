"""Records as JSON: snake_case as in the model, times ISO-8601 in UTC, enums by value, rungs by name.

Stable: scripts read it through `--output json`. Hashes of passwords never leave the daemon; the random password the
cloud made does only when it is asked for by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timezone
from enum import Enum
from typing import Any

from vmsim.cloud.doors import Published
from vmsim.model.instance import Instance
from vmsim.model.operation import Event, OperationRecord
from vmsim.model.readiness import Rung

_SECRET = "password"


def plain(value: Any) -> Any:
    """Anything of the model as what `json` can write."""
    if isinstance(value, Rung):
        return value.name
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)


def instance(
    record: Instance, *, published: Iterable[Published] | None = None, password: bool = False
) -> dict[str, Any]:
    """InstanceView. `password` adds the random one, `published` what of it is the instance's."""
    view: dict[str, Any] = plain(record)
    if published is not None:
        view["publications"] = [plain(each) for each in published if each.instance_id == record.id]
    del view["password_hash"]
    if not password:
        del view["password"]
    view["state_words"] = record.state.words
    view["rung_words"] = record.rung.words
    return view


def operation(record: OperationRecord) -> dict[str, Any]:
    """OperationView, with its evidence."""
    view: dict[str, Any] = plain(record)
    view["arguments"] = {name: value for name, value in view["arguments"].items() if not name.startswith(_SECRET)}
    return view


def event(record: Event) -> dict[str, Any]:
    view: dict[str, Any] = plain(record)
    return view
