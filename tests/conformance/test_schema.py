"""Every simulated action against its published schema and its own declaration: found by walking, so that an action that
comes later is held to the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from vmsim.api import spec
from vmsim.api.error_codes import COMMON
from vmsim.api.simulated import ACTIONS

from .samples import PLAIN, Samples, places
from .wire import Api

EVERY = sorted(ACTIONS)
# What is of none of the kinds but the key's: text that is no number is of no other kind either.
OF_ANOTHER_KIND: dict[str, Any] = {"string": 7, "int": "seven", "float": "seven", "bool": "maybe"}
HELD = ("cvm", "cbs")
# Words of a refusal that does not name the member.
REFUSED_AS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("RunInstances", "InstanceChargePrepaid"): ("belong to PREPAID alone",),
    ("InquiryPriceRunInstances", "InstanceChargePrepaid"): ("belong to PREPAID alone",),
    ("RunInstances", "VirtualPrivateCloud"): ("is not an address",),
    ("InquiryPriceRunInstances", "VirtualPrivateCloud"): ("is not an address",),
    ("CreateImage", "DataDiskIds"): ("is no data disk of",),
    ("DeleteImages", "DeleteBindedSnap"): ("Snapshot",),
    ("DetachDisks", "InstanceId"): ("not on ins-",),
    ("ResizeInstanceDisks", "SystemDisk"): ("is not the system disk of",),
    ("ResizeInstanceDisks", "ResizeOnline"): ("is STOPPED",),
}

pytestmark = [
    pytest.mark.walks,
    pytest.mark.parametrize(("service", "action"), EVERY, ids=[f"{one}.{two}" for one, two in EVERY]),
]


def answer(api: Api, service: str, action: str, params: dict[str, Any]) -> dict[str, Any]:
    return api.call(action, params, service=service, version=spec.service(service).version)


def refusal(api: Api, service: str, action: str, params: dict[str, Any]) -> tuple[str, str]:
    error = answer(api, service, action, params)["Error"]
    return error["Code"], error["Message"]


def test_the_least_request_is_answered(api: Api, service: str, action: str) -> None:
    """Otherwise the walks below would prove nothing."""
    assert "Error" not in answer(api, service, action, Samples(api, service, action).least())


def test_an_unknown_member_is_refused(api: Api, service: str, action: str) -> None:
    least = Samples(api, service, action).least()
    for place, params in with_a_stranger(least, ""):
        code, message = refusal(api, service, action, {**least, **params})
        assert (code, place in message) == ("UnknownParameter", True), message


def with_a_stranger(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """The value with a member that nobody knows, in each object in it."""
    if isinstance(value, dict):
        yield f"{place}Stranger", {**value, "Stranger": 1}
        for key, inner in value.items():
            yield from ((at, {**value, key: more}) for at, more in with_a_stranger(inner, f"{place}{key}."))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            inside = with_a_stranger(item, f"{place}{index}.")
            yield from ((at, [*value[:index], more, *value[index + 1 :]]) for at, more in inside)


def test_a_missing_member_is_refused(api: Api, service: str, action: str) -> None:
    found = spec.service(service)
    least = Samples(api, service, action).least()
    for key, member in found.members(found.request(action)).items():
        if member.required:
            code, message = refusal(api, service, action, {n: v for n, v in least.items() if n != key})
            assert (code, key in message) == ("MissingParameter", True), message


def test_a_member_of_another_kind_is_refused(api: Api, service: str, action: str) -> None:
    found = spec.service(service)
    samples = Samples(api, service, action)
    for place in places(found, found.request(action)):
        for wrong in wrong_values(found, action, place):
            params = samples.with_place(place)
            put(params, place, wrong)
            code, message = refusal(api, service, action, params)
            assert (code, place.split(".")[-1] in message) == ("InvalidParameter", True), (place, wrong, message)


def wrong_values(service: spec.Service, action: str, place: str) -> Iterator[Any]:
    *groups, last = place.split(".")
    object_name = service.request(action)
    for group in groups:
        object_name = service.members(object_name)[group].kind
    member = service.members(object_name)[last]
    wrong = OF_ANOTHER_KIND.get(member.kind, "no object")
    if member.is_list:
        yield from ([wrong], {"0": PLAIN.get(member.kind, {})}, "no list")
    else:
        yield from (wrong, [wrong])
    if member.kind in spec.PLAIN_KINDS:
        yield [{}] if member.is_list else {}
    if member.kind in ("int", "float"):
        yield [10**30] if member.is_list else 10**30


def put(params: dict[str, Any], place: str, value: Any) -> None:
    held: Any = params
    *groups, last = place.split(".")
    for group in groups:
        held = held[group][0] if isinstance(held[group], list) else held[group]
    held[last] = value


def test_no_member_is_ignored(api: Api, service: str, action: str) -> None:
    """Each is taken, refused with a published code, or declared to be without effect; the strict server looks, where it
    does not refuse. So a refusal has to be of this member."""
    found = spec.service(service)
    for place in places(found, found.request(action)):
        reply = answer(api, service, action, Samples(api, service, action).with_place(place))
        error = reply.get("Error", {"Code": "", "Message": place})
        assert error["Code"] != "InternalError", (place, reply)
        assert not error["Code"] or error["Code"] in spec.error_list(service, action) | COMMON
        known_by = (*place.split("."), *REFUSED_AS.get((action, place.partition(".")[0]), ()))
        assert service not in HELD or any(word in error["Message"] for word in known_by), (place, error)


def test_what_is_declared_is_in_the_schema_and_said_once(service: str, action: str) -> None:
    row = ACTIONS[service, action]
    found = spec.service(service)
    declared = [*row.refused, *row.without_effect, *row.limits]
    assert set(declared) <= set(places(found, found.request(action)))
    assert len(declared) == len(set(declared))
