from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from cloud_fixture import REGION, SetClock, launched, now, put
from vmsim.cloud import events, query
from vmsim.cloud.context import Cloud
from vmsim.cloud.query import Filter, InstanceQuery
from vmsim.model.errors import VmsimError
from vmsim.model.lifecycle import InstanceState

S = InstanceState


def found(cloud: Cloud, *filters: tuple[str, ...], **more: object) -> set[str]:
    asked = InstanceQuery(filters=tuple(Filter(name, tuple(values)) for name, *values in filters), **more)  # type: ignore[arg-type]
    return {one.id for one in query.query(cloud, asked).items}


def test_each_filter_finds_its_own_and_nothing_else(cloud: Cloud) -> None:
    group = ("sg-a_%",)
    one = launched(cloud, S.RUNNING, name="web", bandwidth_out=1, tags={"role": "db"})
    other = launched(cloud, S.STOPPED, name="other", zone=f"{REGION}-2", project_id=7)
    put(cloud, one.id, security_group_ids=group)
    put(cloud, other.id, security_group_ids=("sg-axy",))
    values = {
        "zone": one.zone,
        "project-id": "0",
        "subnet-id": one.subnet_id,
        "instance-id": one.id,
        "uuid": one.uuid,
        "security-group-id": group[0],
        "instance-name": "web",
        "instance-state": "RUNNING",
        "private-ip-address": one.private_ip,
        "public-ip-address": one.public_ip or "",
        "tag-key": "role",
        "tag-value": "db",
        "tag:role": "db",
    }
    for name, value in values.items():
        assert found(cloud, (name, value)) == {one.id}, name
        assert found(cloud, (name, "no such value")) == set(), name
    both = {one.id, other.id}
    assert found(cloud, ("vpc-id", one.vpc_id)) == found(cloud, ("instance-charge-type", "POSTPAID_BY_HOUR")) == both
    assert found(cloud, ("instance-name", "web", "other")) == both
    assert found(cloud, ("instance-name", "web"), ("instance-state", "STOPPED")) == set()
    for nothing in ("host-id", "dedicated-cluster-id", "ipv6-address"):
        assert found(cloud, (nothing, "x")) == set()
    assert found(cloud, ("project-id", "9" * 40, "²", "7")) == {other.id}
    assert found(cloud, region="ap-beijing") == set()
    assert found(cloud, ids=(other.id,)) == {other.id}


def test_one_shape_with_other_values_is_another_question(cloud: Cloud) -> None:
    made = [launched(cloud, name=name, tags={"role": name}, project_id=1) for name in ("a", "b")]
    for one in made:
        assert found(cloud, ("instance-name", one.name)) == found(cloud, ("tag:role", one.name)) == {one.id}
        assert found(cloud, ids=(one.id,), region=one.region) == {one.id}
    assert found(cloud, ("tag:role", "a", "b")) == found(cloud, ("project-id", "1")) == {one.id for one in made}
    assert found(cloud, ("tag:role",)) == found(cloud, ("project-id", "x")) == set()
    assert len(query.query(cloud, InstanceQuery(limit=None)).items) == 2


def test_by_time(cloud: Cloud) -> None:
    old = launched(cloud)
    assert isinstance(cloud.clock, SetClock)
    cloud.clock.advance(3600)
    new = launched(cloud)
    between = (old.created + timedelta(minutes=30)).strftime("%Y-%m-%d %H:%M:%S")
    assert found(cloud, ("creation-start-time", between)) == {new.id}
    assert found(cloud, ("creation-end-time", between.replace(" ", "T") + "Z")) == {old.id}


@pytest.mark.parametrize(
    "bad", [("colour", "red"), ("creation-start-time", "noon"), ("creation-start-time",), ("zone",)]
)
def test_what_cannot_be_asked(cloud: Cloud, bad: tuple[str, ...]) -> None:
    with pytest.raises(VmsimError):
        found(cloud, bad)


def test_pages_are_newest_first_with_the_total(cloud: Cloud) -> None:
    made = [launched(cloud).id for _ in range(5)]
    page = query.query(cloud, InstanceQuery(offset=1, limit=2))
    assert (page.total, [one.id for one in page.items]) == (5, made[::-1][1:3])
    assert query.query(cloud, InstanceQuery(offset=9, limit=2)).items == ()


def test_events_are_followed_as_they_come(cloud: Cloud) -> None:
    instance = launched(cloud)
    stop, heard = threading.Event(), list[str]()
    since = events.read(cloud, 0)[-1].sequence

    def listen() -> None:
        for event in events.follow(cloud, since, instance.id, stop):
            heard.append(event.text)
            if len(heard) == 20:
                stop.set()

    thread = threading.Thread(target=listen)
    thread.start()
    for number in range(20):
        events.note(cloud, "test", str(number), instance_id=instance.id)
        events.note(cloud, "test", "another's", instance_id="ins-00000000")
    thread.join(timeout=20)
    assert heard == [str(number) for number in range(20)]
    assert put(cloud, instance.id, name="x") == now(cloud, instance.id)
