"""STS and CAM over a real store: who is asking, and who leads a request to its service."""

from __future__ import annotations

from vmsim.api.action import Call
from vmsim.api.sts import identity
from vmsim.cloud import temporary_keys
from vmsim.model.lifecycle import InstanceState
from vmsim.model.operation import Caller

from .neighbours import VERSIONS, code, name, ok
from .wire import Api


def test_one_account_is_told_to_every_service(api: Api) -> None:
    ident = api.launched(InstanceState.RUNNING)
    caller = ok(api, "sts", "GetCallerIdentity")
    uin = caller["AccountId"]
    assert (caller["Type"], caller["UserId"], caller["PrincipalId"]) == ("CAMUser", uin, uin)
    assert caller["Arn"] == f"qcs::cam:{uin}:uin/{uin}"
    app = ok(api, "cam", "GetUserAppId")
    assert (app["Uin"], app["OwnerUin"]) == (uin, uin)
    assert len(uin) == 12 and 1_250_000_000 <= app["AppId"] < 1_400_000_000
    ok(api, "tag", "AddResourceTag", Resource=name(ident, uin), TagKey="a", TagValue="b")
    (listed,) = ok(api, "tag", "GetResources")["ResourceTagMappingList"]
    assert listed["Resource"] == name(ident, uin)
    assert ok(api, "sts", "GetCallerIdentity")["AccountId"] == uin


def test_a_client_that_names_no_service_is_led_by_version_and_action(api: Api) -> None:
    for service, action in (("sts", "GetCallerIdentity"), ("tag", "GetTagKeys"), ("cam", "GetUserAppId")):
        assert "Error" not in api.call(action, service="127", version=VERSIONS[service])
    # The two with one version are told apart by the scope, where it says a service.
    assert api.code("GetTagKeys", service="sts", version=VERSIONS["tag"]) == "InvalidAction"


def test_a_temporary_key_is_its_roles(api: Api) -> None:
    key = temporary_keys.of_role(api.cloud, "vmsim")
    (role,) = ok(api, "cam", "DescribeRoleList", Page=1, Rp=20)["List"]
    call = Call(api.cloud, "", "", "", Caller("api", key.secret_id), {})
    caller = identity.get.run(call)
    assert (caller["Type"], caller["UserId"]) == ("CAMRole", f"{role['RoleId']}:vmsim")
    assert caller["Arn"] == f"qcs::sts:{caller['AccountId']}:assumed-role/{role['RoleId']}"


def test_access_management_has_the_account_and_its_role(api: Api) -> None:
    (role,) = ok(api, "cam", "DescribeRoleList", Page=1, Rp=20)["List"]
    assert role["RoleName"] == "vmsim"
    assert ok(api, "cam", "DescribeRoleList", Page=2, Rp=20)["List"] == []
    for named in ({"RoleName": "vmsim"}, {"RoleId": role["RoleId"]}):
        assert ok(api, "cam", "GetRole", **named)["RoleInfo"] == role
    assert ok(api, "cam", "ListAttachedUserPolicies", TargetUin=1)["TotalNum"] == 0
    assert code(api, "cam", "GetRole", RoleName="none") == "InvalidParameter.RoleNotExist"
    assert code(api, "cam", "GetRole") == "InvalidParameter.ParamError"
    assert code(api, "cam", "DescribeRoleList", Page=0, Rp=20) == "InvalidParameter.ParamError"
    assert code(api, "cam", "CreateRole") == "UnsupportedOperation"
