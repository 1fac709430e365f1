"""The rules of security groups: their order, their codes, their limits, and how real clients write them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from .groups import ANYWHERE, CREATE, GONE, change, code, everything, made, ok, policies, ports, rule
from .vpc import message
from .wire import Api

DELETE, REPLACE = "DeleteSecurityGroupPolicies", "ReplaceSecurityGroupPolicies"
TEMPLATE = {"AddressTemplate": {"AddressId": "ipm-00000000"}}


def test_what_is_shown_can_be_sent_back(api: Api) -> None:
    ident, other = made(api, rule(22), rule("80,443"), rule("all", Protocol="ICMP")), made(api)
    shown = policies(api, ident)
    for index, one in enumerate(shown["Ingress"]):
        assert one.pop("PolicyIndex") == index
    ok(api, "ModifySecurityGroupPolicies", SecurityGroupId=other, SecurityGroupPolicySet=shown)
    assert ports(api, other) == ports(api, ident) == ["22", "80,443", "ALL"]
    (_, last, _) = policies(api, ident)["Ingress"]
    assert change(api, "DeleteSecurityGroupPolicies", ident, last) == ""
    assert ports(api, ident) == ["22", "ALL"]
    assert change(api, "DeleteSecurityGroupPolicies", ident, last) == "InvalidParameterValue"


@pytest.mark.parametrize(
    ("given", "same"),
    [
        ({"CidrBlock": "10.0.0.1"}, {"CidrBlock": "10.0.0.1/32"}),
        ({"CidrBlock": "", "Ipv6CidrBlock": "fd00::1"}, {"CidrBlock": "", "Ipv6CidrBlock": "fd00::1/128"}),
    ],
)
def test_an_address_is_shown_as_it_was_given(api: Api, given: dict[str, str], same: dict[str, str]) -> None:
    """Terraform compares the text; that two of them mean one address is seen all the same."""
    for one, other in ((given, same), (same, given)):
        ident = made(api, rule(1, **one))
        (shown,) = policies(api, ident)["Ingress"]
        assert {name: shown[name] for name in one} == one
        assert change(api, CREATE, ident, rule(1, **other)) == "UnsupportedOperation.DuplicatePolicy"
        assert change(api, DELETE, ident, rule(1, **other)) == ""


def test_rules_stand_in_the_order_that_the_index_says(api: Api) -> None:
    ident = made(api, rule(1), rule(2))
    for new, index in (((3, 4), None), ((5, 6), 0), ((7,), 3)):
        place = {} if index is None else {"PolicyIndex": index}
        assert change(api, "CreateSecurityGroupPolicies", ident, *(rule(port, **place) for port in new)) == ""
    assert ports(api, ident) == ["5", "6", "1", "7", "2", "3", "4"]
    replacing = rule(9, PolicyIndex="1"), rule(8, PolicyIndex="0", Action="DROP")
    assert change(api, "ReplaceSecurityGroupPolicies", ident, *replacing, policies={"Version": "4"}) == ""
    assert change(api, "ReplaceSecurityGroupPolicy", ident, rule(10, PolicyIndex=6)) == ""
    assert ports(api, ident) == ["8", "9", "1", "7", "2", "3", "10"]
    by_index = {"PolicyIndex": "1"}, {"PolicyIndex": "0"}
    assert change(api, "DeleteSecurityGroupPolicies", ident, *by_index, policies={"Egress": []}) == ""
    assert ports(api, ident) == ["1", "7", "2", "3", "10"]
    version_0 = {"SecurityGroupId": ident, "SecurityGroupPolicySet": {"Version": "0", "Ingress": [rule(5)]}}
    assert code(api, "ModifySecurityGroupPolicies", **version_0, SortPolicys=True) == ""
    assert policies(api, ident) == {"Version": "8", "Ingress": [], "Egress": []}


def test_an_index_in_an_empty_direction_says_that_it_is_empty(api: Api) -> None:
    given = {"SecurityGroupId": made(api), "SecurityGroupPolicySet": {"Ingress": [{"PolicyIndex": 0}]}}
    assert "there is no rule in this direction" in message(api, DELETE, **given)


def test_what_is_left_out_of_a_rule_is_all(api: Api) -> None:
    """The Terraform provider leaves out a protocol and ports that are ALL."""
    ident = made(api)
    left_out = {"Action": "ACCEPT", "CidrBlock": ANYWHERE}
    assert change(api, "CreateSecurityGroupPolicies", ident, left_out) == ""
    (shown,) = policies(api, ident)["Ingress"]
    assert (shown["Protocol"], shown["Port"]) == ("ALL", "ALL")
    assert change(api, "DeleteSecurityGroupPolicies", ident, left_out) == ""


def test_a_direction_is_set_as_a_whole_as_terraform_does_it(api: Api) -> None:
    ident = made(api, rule(1), rule(2))

    def modify(**policies: Any) -> str:
        return code(api, "ModifySecurityGroupPolicies", SecurityGroupId=ident, SecurityGroupPolicySet=policies)

    assert modify(Egress=[rule(3)], Version="2") == ""
    assert modify(Ingress=[rule(5), rule(4)], Egress=[], Version="3") == ""
    shown = policies(api, ident)
    assert [one["Port"] for one in (*shown["Ingress"], *shown["Egress"])] == ["5", "4", "3"]
    assert shown["Version"] == "3"
    assert modify() == modify(Ingress=[], Egress=[]) == "InvalidParameterValue.Empty"
    assert modify(Ingress=[rule(5), rule(5)]) == "UnsupportedOperation.DuplicatePolicy"
    assert modify(Ingress=[rule(5, PolicyIndex=1)]) == "UnsupportedOperation"
    assert policies(api, ident)["Version"] == "3"
    assert modify(Version="0", Ingress=[], Egress=[]) == ""
    assert policies(api, ident) == {"Version": "4", "Ingress": [], "Egress": []}


@pytest.mark.parametrize(
    ("action", "ingress", "more", "expected"),
    [
        (CREATE, [rule(22)], {}, "UnsupportedOperation.DuplicatePolicy"),
        (CREATE, [rule(1), rule(1, PolicyDescription="again")], {}, "UnsupportedOperation.DuplicatePolicy"),
        (CREATE, [rule(1)], {"Version": "7"}, "UnsupportedOperation.VersionMismatch"),
        (CREATE, [rule(1)], {"Version": "x"}, "UnsupportedOperation.VersionMismatch"),
        (CREATE, [rule(1)], {"Egress": [rule(1)]}, "InvalidParameter.Coexist"),
        (CREATE, [], {}, "InvalidParameterValue.Empty"),
        (CREATE, [rule(1, PolicyIndex=0), rule(2, PolicyIndex=1)], {}, "InvalidParameterValue"),
        (CREATE, [rule(1, PolicyIndex=0), rule(2)], {}, "InvalidParameterValue"),
        (CREATE, [rule(1, PolicyIndex=2)], {}, "InvalidParameterValue.Range"),
        (CREATE, [rule(1, PolicyIndex=-1)], {}, "InvalidParameterValue.Range"),
        (CREATE, [rule(1, Protocol="SCTP")], {}, "InvalidParameterValue"),
        (CREATE, [rule(1, Protocol="")], {}, "InvalidParameterValue"),
        (CREATE, [rule(1, Action="")], {}, "MissingParameter"),
        (CREATE, [rule(1, Action="REJECT")], {}, "InvalidParameterValue"),
        (CREATE, [rule(1, Protocol="ICMP")], {}, "InvalidParameterValue"),
        (CREATE, [rule("ssh")], {}, "InvalidParameterValue.Malformed"),
        (CREATE, [rule(65536)], {}, "InvalidParameterValue.Malformed"),
        (CREATE, [rule(1, CidrBlock="10.0.0.0/33")], {}, "InvalidParameterValue.Malformed"),
        (CREATE, [rule(1, CidrBlock="")], {}, "MissingParameter"),
        (CREATE, [rule(1, Ipv6CidrBlock="::/0")], {}, "InvalidParameter.Coexist"),
        (CREATE, [rule(1, SecurityGroupId=GONE)], {}, "InvalidParameter.Coexist"),
        (CREATE, [rule(1, CidrBlock="", SecurityGroupId=GONE)], {}, "ResourceNotFound"),
        (CREATE, [rule(1, CidrBlock="", SecurityGroupId="sg-1")], {}, "InvalidParameterValue.Malformed"),
        (CREATE, [rule(1, CidrBlock="", **TEMPLATE)], {}, "UnsupportedOperation"),
        (CREATE, [rule(1, CidrBlock="MY_PUBLIC_IP")], {}, "UnsupportedOperation"),
        (CREATE, [rule(1, Priority=1)], {}, "UnsupportedOperation"),
        (CREATE, [rule(1, PolicyDescription="x" * 101)], {}, "InvalidParameterValue.TooLong"),
        (CREATE, [rule(port) for port in range(100, 200)], {}, "LimitExceeded.SecurityGroupPolicySet"),
        (DELETE, [{"PolicyIndex": 1}], {}, "InvalidParameterValue.Range"),
        (DELETE, [{"PolicyIndex": 0}, {"PolicyIndex": 0}], {}, "InvalidParameterValue"),
        (DELETE, [{"PolicyIndex": 0}, rule(22)], {}, "InvalidParameter.Coexist"),
        (DELETE, [rule(23)], {}, "ResourceNotFound"),
        (DELETE, [{}], {}, "MissingParameter"),
        (DELETE, [{"PolicyIndex": 0}], {"Version": "0"}, "UnsupportedOperation.VersionMismatch"),
        (DELETE, [{"PolicyIndex": 0}], {"Egress": [{"PolicyIndex": 0}]}, "InvalidParameter.Coexist"),
        (REPLACE, [rule(1)], {}, "MissingParameter"),
        (REPLACE, [rule(1, PolicyIndex=1)], {}, "InvalidParameterValue.Range"),
        (REPLACE, [rule(1, PolicyIndex=0)], {"Version": "0"}, "UnsupportedOperation.VersionMismatch"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    api: Api, action: str, ingress: list[dict[str, Any]], more: dict[str, Any], expected: str
) -> None:
    ident = made(api, rule(22))
    before = everything(api, ident)
    assert change(api, action, ident, *ingress, policies=more) == expected
    assert everything(api, ident) == before


def test_the_hundredth_rule_is_the_last_of_its_direction(api: Api) -> None:
    ident = made(api, *(rule(port) for port in range(1, 100)))
    assert change(api, CREATE, ident, rule(100)) == ""
    before = everything(api, ident)
    assert change(api, CREATE, ident, rule(101)) == "LimitExceeded.SecurityGroupPolicySet"
    assert everything(api, ident) == before
    assert change(api, CREATE, ident, policies={"Egress": [rule(101)]}) == ""


def test_priorities_are_refused_by_name(api: Api) -> None:
    ident = made(api, rule(22))
    new = rule(1, PolicyIndex=0)
    assert change(api, REPLACE, ident, new, UpdateType="Priority") == "UnsupportedOperation"
    assert change(api, REPLACE, ident, new, UpdateType="Both") == "UnsupportedOperation"
    assert change(api, REPLACE, ident, new, UpdateType="Policy", OriginalSecurityGroupPolicySet={}) == ""


def test_of_two_who_add_to_one_version_one_wins(api: Api) -> None:
    ident = made(api)
    with ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(lambda port: change(api, CREATE, ident, rule(port), policies={"Version": "0"}), (1, 2)))
    assert sorted(codes) == ["", "UnsupportedOperation.VersionMismatch"]
    assert len(ports(api, ident)) == 1


def test_rules_are_found(api: Api) -> None:
    ident, named = made(api), made(api)
    rules = (
        rule(22, PolicyDescription="from the office"),
        rule("8000-8010", Action="DROP", CidrBlock="10.1.0.0/16"),
        rule("all", Protocol="gre", CidrBlock="", SecurityGroupId=named),
    )
    assert change(api, CREATE, ident, *rules) == ""
    assert change(api, CREATE, ident, policies={"Egress": [rule("all", Protocol="ALL")]}) == ""
    for name, value in (("security_group_id", named), ("protocol_type", "GRE")):
        assert [one["PolicyIndex"] for one in policies(api, ident, **{name: value})["Ingress"]] == [2]
    assert ports(api, ident, ip="10.1") == ports(api, ident, poly="DROP") == ports(api, ident, port="8010")
    assert ports(api, ident, poly="drop") == ["8000-8010"]
    assert ports(api, ident, description="office") == ["22"]
    assert ports(api, ident, port="ALL", poly="ALL", direction="ALL") == ["22", "8000-8010", "ALL"]
    assert policies(api, ident, direction="OUTBOUND")["Ingress"] == []
    assert len(policies(api, ident, direction="OUTBOUND")["Egress"]) == 1
    assert ports(api, ident, address_module="x") == ports(api, ident, service_module="x") == []
    unknown = {"SecurityGroupId": ident, "Filters": [{"Name": "colour", "Values": ["red"]}]}
    assert code(api, "DescribeSecurityGroupPolicies", **unknown) == "InvalidParameter.FilterInvalidKey"
    assert code(api, "DescribeSecurityGroupPolicies", SecurityGroupId=GONE) == "ResourceNotFound"
    assert code(api, "DescribeSecurityGroupPolicies", SecurityGroupId="x") == "InvalidParameterValue.Malformed"
