"""A request of the legacy API: all of it is text in a query or a form, names of the action's own are lower-case.

What its SDK leaves out of the signature is read like the rest: a form's values that begin with "@" (files, once).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from vmsim.api import flattened
from vmsim.api.request import LONGEST_FORM, LONGEST_QUERY, Asked, WireRequest
from vmsim.model.errors import Missing, UsageError
from vmsim.model.regions import region

PATH = "/v2/index.php"
MOST_IDS = 100
_FORM = "application/x-www-form-urlencoded"
_COMMON = frozenset(
    {
        "Action",
        "Region",
        "Timestamp",
        "Nonce",
        "SecretId",
        "SignatureMethod",
        "Signature",
        "Token",
        "RequestClient",
        "Version",
    }
)
_SHORT_REGIONS = {
    "gz": "ap-guangzhou",
    "szjr": "ap-shenzhen-fsi",
    "sh": "ap-shanghai",
    "shjr": "ap-shanghai-fsi",
    "nj": "ap-nanjing",
    "bj": "ap-beijing",
    "bjjr": "ap-beijing-fsi",
    "cd": "ap-chengdu",
    "cq": "ap-chongqing",
    "hk": "ap-hongkong",
    "sg": "ap-singapore",
    "jkt": "ap-jakarta",
    "th": "ap-bangkok",
    "kr": "ap-seoul",
    "jp": "ap-tokyo",
    "usw": "na-siliconvalley",
    "use": "na-ashburn",
    "sao": "sa-saopaulo",
    "de": "eu-frankfurt",
}
_SHORT_NAMES = {full: short for short, full in _SHORT_REGIONS.items()}


def is_legacy(wire: WireRequest) -> bool:
    """The early API 3.0 was served at the same path: it names a Version, or itself in headers."""
    return wire.path == PATH and not wire.header("x-tc-action") and not re.search(r"(^|&)Version=[^&]", _text(wire))


def read(wire: WireRequest) -> Asked:
    """The common parameters, with `old` being what is signed. Raises UsageError for what cannot be read."""
    pairs = _pairs(wire)
    if not pairs.get("Action"):
        raise Missing("The request names no Action.")
    signed = {name: value for name, value in pairs.items() if not (wire.method == "POST" and value.startswith("@"))}
    return Asked(
        action=pairs["Action"],
        version="",
        region=pairs.get("Region", ""),
        language="",
        timestamp=pairs.get("Timestamp", ""),
        token=pairs.get("Token", ""),
        old=signed,
    )


def nonce(asked: Asked) -> str:
    """The request's own number. Raises UsageError when it is none."""
    given = (asked.old or {}).get("Nonce", "")
    if not re.fullmatch(r"[0-9]{1,20}", given, re.ASCII):
        raise UsageError("The Nonce is no positive whole number.")
    return given


def parameters(wire: WireRequest) -> Parameters:
    own = {name: value for name, value in _pairs(wire).items() if name not in _COMMON}
    return Parameters(flattened.nested(own))


def full_region(name: str) -> str:
    """The region of a short name (gz) or of a full one."""
    if not name:
        raise Missing("The request names no Region.")
    return region(_SHORT_REGIONS.get(name, name)).name


def short_region(name: str) -> str:
    return _SHORT_NAMES.get(name, name)


class Parameters:
    """The action's own parameters, read by name; a name that nobody reads is refused by `known`."""

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self._tree = tree

    def known(self, *names: str) -> None:
        for name in self._tree:
            if name not in names:
                raise UsageError(f"The parameter {name} is not known; known are {', '.join(names)}.")

    def __contains__(self, name: str) -> bool:
        return name in self._tree

    def text(self, name: str) -> str:
        if not self._tree.get(name):
            raise Missing(f"The parameter {name} is missing.")
        return _plain(name, self._tree[name])

    def whole(self, name: str, default: int | None = None) -> int:
        """A number that is not negative."""
        if default is not None and not self._tree.get(name):
            return default
        value = self.text(name)
        if not re.fullmatch(r"[0-9]{1,9}", value, re.ASCII):
            raise UsageError(f"The parameter {name} is {value!r}; it must be a whole number.")
        return int(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """name.0, name.1, …, each once; () when there is none."""
        given = self._tree.get(name, {})
        values = flattened.as_list(given) if isinstance(given, dict) else [given]
        if values is None:
            raise UsageError(f"The parameter {name} is not a list ({name}.0, {name}.1, …).")
        if len(values) > MOST_IDS:
            raise UsageError(f"{name} has {len(values)} values; at most {MOST_IDS} are allowed.")
        return tuple(dict.fromkeys(_plain(name, value) for value in values))

    def instance_ids(self) -> tuple[str, ...]:
        found = self.texts("instanceIds")
        if not found:
            raise Missing("The parameter instanceIds.0 is missing.")
        return found


def _plain(name: str, value: Any) -> str:
    # A NUL can be kept in no database, file or guest.
    if not isinstance(value, str) or "\0" in value:
        raise UsageError(f"The parameter {name} is not plain text.")
    return value


def _pairs(wire: WireRequest) -> dict[str, str]:
    if wire.method not in ("GET", "POST"):
        raise UsageError(f"Only GET and POST are served, not {wire.method}.", code="UnsupportedProtocol")
    if wire.too_large or len(wire.query) > LONGEST_QUERY or len(wire.body) > LONGEST_FORM:
        raise UsageError(f"The request is too large: a query may have {LONGEST_QUERY} bytes, a form {LONGEST_FORM}.")
    if wire.method == "POST" and wire.content_type != _FORM:
        raise UsageError(f"A POST request carries a form: Content-Type {_FORM}.")
    try:
        return dict(parse_qsl(_text(wire), keep_blank_values=True, errors="strict"))
    except ValueError as error:
        raise UsageError("The parameters are not URL-encoded UTF-8.") from error


def _text(wire: WireRequest) -> str:
    return wire.query if wire.method == "GET" else wire.body.decode("latin-1")
