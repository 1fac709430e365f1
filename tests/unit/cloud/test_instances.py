"""Asking: accepted for all or refused for all, with the code that the first offender earns."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cloud_fixture import CALLER, REGION, launched, now, put, submit
from vmsim.cloud import instances
from vmsim.cloud.context import Cloud
from vmsim.cloud.events import read
from vmsim.cloud.operations_log import operations_of
from vmsim.local import views
from vmsim.model.errors import Busy, Malformed, Missing, NotFound, Refused, UsageError, VmsimError, WrongState
from vmsim.model.instance import LatestOperation
from vmsim.model.lifecycle import InstanceState, OperationState, Verb

S = InstanceState
BUSY = LatestOperation(Verb.RESET_TYPE, OperationState.OPERATING, "r")
CHOSEN = "Sunny-Day-42"


def refusal(cloud: Cloud, verb: Verb, *ids: str, **more: Any) -> VmsimError:
    with pytest.raises(VmsimError) as caught:
        submit(cloud, verb, *ids, **more)
    return caught.value


def test_what_is_accepted_is_recorded_shown_and_handed_on(cloud: Cloud) -> None:
    one, other = launched(cloud, S.RUNNING), launched(cloud, S.RUNNING)
    handed: list[str] = []
    cloud.enqueue = handed.append
    records = submit(cloud, Verb.STOP, one.id, other.id, request_id="r-1")
    assert [record.id for record in records] == handed
    for ident in (one.id, other.id):
        found = now(cloud, ident)
        assert found.state is S.STOPPING
        assert found.latest == LatestOperation(Verb.STOP, OperationState.OPERATING, "r-1")
        assert operations_of(cloud, ident, 1)[0].began_in == "RUNNING"


@pytest.mark.parametrize("bad", ["unknown", "state", "busy", "region"])
def test_one_bad_one_refuses_all_and_changes_nothing(cloud: Cloud, bad: str) -> None:
    good, offender = launched(cloud, S.RUNNING), launched(cloud, S.RUNNING)
    if bad == "state":
        put(cloud, offender.id, state=S.STOPPED)
    elif bad == "busy":
        put(cloud, offender.id, latest=BUSY)
    named = "ins-00000000" if bad == "unknown" else offender.id
    before = now(cloud, good.id), len(read(cloud, 0)), len(operations_of(cloud, good.id))
    region = "ap-beijing" if bad == "region" else None
    assert refusal(cloud, Verb.STOP, good.id, named, region=region)
    assert (now(cloud, good.id), len(read(cloud, 0)), len(operations_of(cloud, good.id))) == before


def test_the_first_offender_in_order_names_the_error(cloud: Cloud) -> None:
    stopped, busy = launched(cloud, S.STOPPED), launched(cloud, S.RUNNING)
    put(cloud, busy.id, latest=BUSY)
    assert isinstance(refusal(cloud, Verb.STOP, stopped.id, busy.id), WrongState)
    assert isinstance(refusal(cloud, Verb.STOP, busy.id, stopped.id), Busy)


@pytest.mark.parametrize(
    ("fields", "verb", "expected"),
    [
        ({"state": S.STARTING, "latest": BUSY}, Verb.STOP, WrongState),
        ({"state": S.STOPPED, "latest": BUSY}, Verb.STOP, Busy),
        ({"state": S.STOPPED, "latest": BUSY}, Verb.START, Busy),
        ({"state": S.STOPPED, "stop_charging": True, "latest": BUSY}, Verb.REBOOT, Busy),
        ({"state": S.STOPPED, "stop_charging": True}, Verb.STOP, "UnsupportedOperation.StoppedModeStopCharging"),
        ({"state": S.STOPPED, "stop_charging": True}, Verb.REBOOT, "UnsupportedOperation.StoppedModeStopCharging"),
        ({"state": S.STOPPED}, Verb.STOP, WrongState),
        ({"state": S.LAUNCH_FAILED}, Verb.TERMINATE, WrongState),
    ],
)
def test_which_refusal_wins(cloud: Cloud, fields: dict[str, Any], verb: Verb, expected: type | str) -> None:
    ident = put(cloud, launched(cloud).id, **fields).id
    error = refusal(cloud, verb, ident)
    assert error.code == expected if isinstance(expected, str) else isinstance(error, expected)


@pytest.mark.parametrize("verb", [Verb.START, Verb.TERMINATE])
def test_what_is_possible_while_it_is_not_charged(cloud: Cloud, verb: Verb) -> None:
    ident = put(cloud, launched(cloud).id, stop_charging=True).id
    assert submit(cloud, verb, ident)


def test_ids_are_checked_counted_and_taken_once(cloud: Cloud) -> None:
    ident = launched(cloud, S.RUNNING).id
    assert isinstance(refusal(cloud, Verb.STOP), Missing)
    assert isinstance(refusal(cloud, Verb.STOP, ident, "ins-BAD"), Malformed)
    assert isinstance(refusal(cloud, Verb.STOP, *[f"ins-{n:08d}" for n in range(100)]), NotFound)
    assert refusal(cloud, Verb.STOP, *[f"ins-{n:08d}" for n in range(101)]).code.endswith("LimitExceeded")
    assert len(submit(cloud, Verb.STOP, ident, ident)) == 1


def test_regions_are_separate(cloud: Cloud) -> None:
    ident = launched(cloud, S.RUNNING).id
    assert isinstance(refusal(cloud, Verb.STOP, ident, region="ap-beijing"), NotFound)
    with pytest.raises(NotFound):
        instances.get(cloud, ident, region="ap-beijing")
    assert submit(cloud, Verb.STOP, ident, region=REGION)


def test_an_ambiguous_name_is_refused_with_the_ids(cloud: Cloud) -> None:
    one, other = (launched(cloud, name="web").id for _ in range(2))
    with pytest.raises(Refused) as caught:
        instances.get(cloud, "web")
    assert one in caught.value.message and other in caught.value.message
    instances.rename(cloud, one, "db")
    assert instances.get(cloud, "db").id == one
    assert instances.get(cloud, "web").id == other
    with pytest.raises(NotFound):
        instances.get(cloud, "nobody")


@pytest.mark.parametrize("name", ["", " x", "ins-web", "a\nb", "x" * 129])
def test_what_cannot_be_a_name(cloud: Cloud, name: str) -> None:
    ident = launched(cloud).id
    with pytest.raises(UsageError):
        instances.rename(cloud, ident, name)


def test_of_two_that_ask_at_once_one_is_accepted(cloud: Cloud) -> None:
    for _ in range(5):
        ident = launched(cloud, S.RUNNING).id

        def ask(_: int, ident: str = ident) -> str:
            try:
                return submit(cloud, Verb.STOP, ident)[0].id
            except WrongState:
                return "refused"

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(ask, range(4)))
        assert answers.count("refused") == 3
        assert [record.verb for record in operations_of(cloud, ident)] == [Verb.STOP, Verb.RUN]


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        (Verb.STOP, {"stop_type": "GENTLE"}),
        (Verb.STOP, {"limit": -1}),
        (Verb.STOP, {"limit": float("nan")}),
        (Verb.STOP, {"speed": 1}),
        (Verb.REBOOT, {"limit": True}),
        (Verb.START, {"x": 1}),
        (Verb.RESET_TYPE, {}),
        (Verb.RESET_TYPE, {"type_name": "S5.HUGE"}),
        (Verb.RESET_TYPE, {"type_name": 7}),
        (Verb.RESIZE_DISK, {"size_gib": "20"}),
        (Verb.RESET_PASSWORD, {"password": "short"}),
        (Verb.RESET_PASSWORD, {"password": CHOSEN, "user_name": 7}),
        (Verb.RESET_PASSWORD, {"password": CHOSEN, "user_name": "u" * 65}),
        (Verb.ASSOCIATE_KEYS, {"key_ids": []}),
        (Verb.ASSOCIATE_KEYS, {"key_ids": "skey-00000000"}),
        (Verb.ASSOCIATE_KEYS, {"key_ids": ["ssh-rsa"]}),
    ],
)
def test_arguments_are_refused_as_usage(cloud: Cloud, verb: Verb, arguments: dict[str, Any]) -> None:
    ident = launched(cloud, S.RUNNING if verb in (Verb.STOP, Verb.REBOOT) else S.STOPPED).id
    assert isinstance(refusal(cloud, verb, ident, arguments=arguments), UsageError)


def test_no_password_that_a_caller_chose_is_kept_and_no_hash_is_told(cloud: Cloud) -> None:
    ident = launched(cloud, keep_image_login=False, password=CHOSEN).id
    submit(cloud, Verb.RESET_PASSWORD, ident, arguments={"password": CHOSEN + "x"})
    told = [views.event(event) for event in read(cloud, 0)]
    told += [views.operation(record) for record in operations_of(cloud, ident)]
    told += [views.instance(now(cloud, ident), password=True)]
    assert CHOSEN not in str(told) and "$6$" not in str(told)
    with sqlite3.connect(cloud.store.path) as connection:
        kept = "\n".join(connection.iterdump())
    connection.close()
    assert "$6$" in kept and CHOSEN not in kept


def test_a_soft_stop_is_escalated_once_it_is_under_way(cloud: Cloud) -> None:
    ident = launched(cloud, S.RUNNING).id
    with pytest.raises(WrongState):
        instances.escalate(cloud, ident, caller=CALLER)
    submit(cloud, Verb.STOP, ident)
    assert instances.escalate(cloud, ident, caller=CALLER).verb is Verb.STOP
    assert operations_of(cloud, ident, 1)[0].escalated


def test_a_forced_edit_of_a_stopped_instance_has_no_stop_to_escalate(cloud: Cloud) -> None:
    ident = launched(cloud).id
    submit(cloud, Verb.RESET_TYPE, ident, arguments={"type_name": "LAB1.NANO256"}, force=True)
    with pytest.raises(WrongState):
        instances.escalate(cloud, ident, caller=CALLER)
