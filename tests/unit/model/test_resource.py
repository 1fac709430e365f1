from __future__ import annotations

import pytest

from vmsim.model.account import account
from vmsim.model.errors import NotSimulated, UsageError
from vmsim.model.resource import Resource, ResourceKind, parse

OWNER = account("/home/me")


@pytest.mark.parametrize("kind", ResourceKind)
def test_a_name_is_read_as_it_is_written(kind: ResourceKind) -> None:
    resource = Resource(kind, "ap-guangzhou", f"{kind.id_prefix}-00000000")
    assert parse(resource.name(OWNER), OWNER) == resource


@pytest.mark.parametrize("owner", ["", "uin/", f"uin/{OWNER.uin}"])
def test_the_owner_may_be_left_out(owner: str) -> None:
    found = parse(f"qcs::cvm:ap-guangzhou:{owner}:instance/ins-00000000", OWNER)
    assert found == Resource(ResourceKind.INSTANCE, "ap-guangzhou", "ins-00000000")


@pytest.mark.parametrize(
    "text",
    [
        "ins-00000000",
        "qcs::cvm:ap-guangzhou:uin/1:instance/ins-00000000",
        "qcs::cvm:ap-guangzhou:uin/:instance:ins-00000000",
        "qcs::cvm:ap-guangzhou:uin/:instance/ins-0000000/0",
        "qcs::cvm:ap-guangzhou:uin/:instance/INS-00000000",
        "qcs::cvm::uin/:instance/ins-00000000",
        "QCS::cvm:ap-guangzhou:uin/:instance/ins-00000000",
        " qcs::cvm:ap-guangzhou:uin/:instance/ins-00000000",
    ],
)
def test_anything_else_is_no_name(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(text, OWNER)
    assert refused.value.code == "InvalidParameterValue.ResourceDescriptionError"


@pytest.mark.parametrize("text", ["qcs::clb:ap-guangzhou:uin/:clb/lb-00000000", "qcs::cvm:ap-guangzhou:uin/:ps/ps-1"])
def test_other_services_and_kinds_are_refused_by_name(text: str) -> None:
    with pytest.raises(NotSimulated, match=r"clb|ps"):
        parse(text, OWNER)
