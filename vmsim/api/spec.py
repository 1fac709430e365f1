"""The published schema, read as data: services, actions, members and the error codes of each action.

The files in `spec/` are made by scripts/make-spec; nothing here is written by hand but their notation. A service is
read when it is first asked for, so that starting costs nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

SERVICES = ("cvm", "cbs", "vpc", "clb", "as", "sts", "tag", "monitor", "cam")
PLAIN_KINDS = frozenset({"string", "int", "float", "bool"})


@dataclass(frozen=True)
class Member:
    """`kind` is string, int, float, bool or an object's name; `required` counts in requests, `always` in replies."""

    kind: str
    is_list: bool
    required: bool
    always: bool
    nullable: bool
    deprecated: bool


@dataclass(frozen=True)
class Service:
    """One product of the cloud in one version."""

    name: str
    version: str
    actions: frozenset[str]
    objects: Mapping[str, Mapping[str, str]]

    def members(self, object_name: str) -> Mapping[str, Member]:
        return _members(self.name, object_name)

    def request(self, action: str) -> str:
        """The name of the object that an action takes."""
        return f"{action}Request"

    def reply(self, action: str) -> str:
        return f"{action}Response"


@cache
def service(name: str) -> Service:
    """A service by its short name, one of SERVICES."""
    data = _read(name)
    return Service(data["service"], data["version"], frozenset(data["actions"]), data["objects"])


def service_of(version: str, action: str) -> Service | None:
    """The one service that knows the action: action names never meet across services."""
    candidates = (service(name) for name in SERVICES)
    return next((found for found in candidates if found.version == version and action in found.actions), None)


def versions() -> frozenset[str]:
    return frozenset(service(name).version for name in SERVICES)


def error_list(service_name: str, action: str) -> frozenset[str]:
    """The codes published for an action; empty where none are."""
    return error_lists().get((service_name, action), frozenset())


@cache
def error_lists() -> Mapping[tuple[str, str], frozenset[str]]:
    data = _read("errors")
    return {(name, action): frozenset(codes) for name in SERVICES for action, codes in data[name].items()}


@cache
def _members(service_name: str, object_name: str) -> Mapping[str, Member]:
    return {name: _member(text) for name, text in service(service_name).objects[object_name].items()}


def _member(text: str) -> Member:
    kind = text.rstrip("~?+!")
    marks = text[len(kind) :]
    return Member(
        kind=kind.removesuffix("[]"),
        is_list=kind.endswith("[]"),
        required="!" in marks,
        always="+" in marks,
        nullable="?" in marks,
        deprecated="~" in marks,
    )


def _read(name: str) -> Any:
    return json.loads((files("vmsim.api") / "spec" / f"{name}.json").read_text(encoding="utf-8"))
