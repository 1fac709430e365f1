"""Requests that are nearly right, by an action's schema: values of the right kind that are wild, values of wrong kinds,
members too few and too many, things nested too deep, and each in every way in which it may be sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from hypothesis import strategies as st

from vmsim.api import spec
from vmsim.api.request import WireRequest

from .wire import IMAGE, REGION, ZONE

TEXTS = st.text(max_size=12) | st.sampled_from(
    ["", "\0", "\ud800", "x" * 300, "ins-00000000", "img-zzzzzzzz", "-1", "null", "SOFT", "PREPAID", "Better-123", ZONE]
)
NUMBERS = st.integers(-2, 120) | st.sampled_from([2**31, 2**63 - 1, -(2**63), 2**63, 10**30])
FLOATS = st.floats(allow_nan=False, allow_infinity=False) | NUMBERS
KINDS = {"string": TEXTS, "int": NUMBERS, "float": FLOATS, "bool": st.booleans()}
DEEP: Any = []
for _ in range(60):
    DEEP = [DEEP]
WILD = st.one_of(st.none(), TEXTS, NUMBERS, FLOATS, st.booleans(), st.just({}), st.just([]), st.just({"a": DEEP}))
BOUNDARY = "a-boundary"


def requests(service: str, action: str, known: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    """`known` are ids that exist, so that more than their absence is looked at."""
    found = spec.service(service)
    return _objects(found, found.request(action), [*known, IMAGE.id, ZONE, "LAB1.NANO128"], 0)


def _objects(service: spec.Service, name: str, known: list[str], depth: int) -> st.SearchStrategy[dict[str, Any]]:
    members = service.members(name)
    required = {key: _values(service, one, known, depth) for key, one in members.items() if one.required}
    optional = {key: _values(service, one, known, depth) for key, one in members.items() if not one.required}
    right = st.fixed_dictionaries(required, optional=dict(list(optional.items())[: 8 if depth else 40]))
    return st.one_of(right, right, right, _spoiled(right))


@st.composite
def _spoiled(draw: st.DrawFn, whole: st.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    """One member less, one that nobody knows, or one of a wrong kind."""
    found = dict(draw(whole))
    name = draw(st.sampled_from([*found, "Stranger"]))
    if draw(st.booleans()):
        found.pop(name, None)
    else:
        found[name] = draw(WILD)
    return found


def _values(service: spec.Service, member: spec.Member, known: list[str], depth: int) -> st.SearchStrategy[Any]:
    if member.kind in spec.PLAIN_KINDS:
        one: st.SearchStrategy[Any] = KINDS[member.kind]
        if member.kind == "string":
            one = st.sampled_from(known) | one
    elif depth > 3:
        one = st.just({})
    else:
        one = st.deferred(lambda: _objects(service, member.kind, known, depth + 1))
    return st.lists(one, max_size=3) if member.is_list else one


def wires(service: str, action: str, params: dict[str, Any]) -> Iterator[WireRequest]:
    """The same request in every way in which a client may send it, unsigned."""
    version = spec.service(service).version
    headers = {"host": "127.0.0.1:8321", "x-tc-action": action, "x-tc-version": version, "x-tc-region": REGION}
    text = json.dumps(params).encode()
    pairs = list(flattened("", params))
    form = urlencode(pairs, errors="replace")
    old = urlencode([("Action", action), ("Version", version), ("Region", REGION), *pairs], errors="replace")
    form_type = {"content-type": "application/x-www-form-urlencoded"}
    yield WireRequest("POST", "/", "", {**headers, "content-type": "application/json"}, text)
    yield WireRequest("POST", "/", "", {**headers, **form_type}, form.encode())
    yield WireRequest("GET", "/", form, {**headers, **form_type})
    yield WireRequest("GET", "/", old, {"host": "127.0.0.1:8321"})
    yield WireRequest("POST", "/", "", {"host": "127.0.0.1:8321", **form_type}, old.encode())
    multipart = {**headers, "content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    yield WireRequest("POST", "/", "", multipart, b"".join(parts(params)) + f"--{BOUNDARY}--\r\n".encode())


def flattened(place: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, (dict, list)):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for name, one in inner:
            yield from flattened(f"{place}.{name}" if place else str(name), one)
    else:
        yield place, value if isinstance(value, str) else json.dumps(value)


def parts(params: dict[str, Any]) -> Iterator[bytes]:
    for name, value in params.items():
        whole = isinstance(value, (dict, list))
        kind = "\r\nContent-Type: application/json" if whole else ""
        text = value if isinstance(value, str) else json.dumps(value)
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{kind}\r\n\r\n'
        yield f"{head}{text}\r\n".encode("utf-8", "replace")
