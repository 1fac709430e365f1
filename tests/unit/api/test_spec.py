from __future__ import annotations

import pytest

from vmsim.api import spec
from vmsim.api.simulated import ACTIONS

WHOLE = [name for name in spec.SERVICES if name not in ("monitor", "cam")]
"""Of the others only what is simulated has its objects here."""


def test_a_member_is_read_with_its_marks() -> None:
    members = spec.service("cvm").members("StopInstancesRequest")
    assert members["InstanceIds"] == spec.Member(
        kind="string", is_list=True, required=True, always=False, nullable=False, deprecated=False
    )
    assert members["ForceStop"].deprecated
    assert spec.service("cvm").members("Instance")["PublicIpAddresses"].nullable


@pytest.mark.parametrize("name", spec.SERVICES)
def test_every_object_that_is_named_is_there(name: str) -> None:
    service = spec.service(name)
    for action in service.actions if name in WHOLE else [known for of, known in ACTIONS if of == name]:
        assert {service.request(action), service.reply(action)} <= set(service.objects)
    for object_name in service.objects:
        for member in service.members(object_name).values():
            assert member.kind in spec.PLAIN_KINDS or member.kind in service.objects


def test_action_names_never_meet_across_services() -> None:
    names = [action for name in spec.SERVICES for action in spec.service(name).actions]
    assert len(names) == len(set(names))


def test_an_action_leads_to_its_service() -> None:
    found = spec.service_of("2017-03-12", "DescribeVpcs")
    assert found is not None
    assert found.name == "vpc"
    assert spec.service_of("2017-03-12", "DescribeAutoScalingGroups") is None
    assert spec.service_of("2018-04-19", "DescribeAutoScalingGroups") is spec.service("as")


def test_every_simulated_action_is_published_with_its_errors() -> None:
    for service, name in ACTIONS:
        assert name in spec.service(service).actions
        assert spec.error_list(service, name)
