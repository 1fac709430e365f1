"""The Tag service over a real store: the tags that DescribeInstances shows, their names, limits and pages."""

from __future__ import annotations

from typing import Any

import pytest

from vmsim.model.lifecycle import InstanceState

from .neighbours import GONE, code, name, ok
from .wire import REGION, Api


@pytest.fixture
def ident(api: Api) -> str:
    return api.launched(InstanceState.RUNNING)


def pairs(*tags: str) -> list[dict[str, str]]:
    return [dict(zip(("TagKey", "TagValue"), tag.split("="), strict=True)) for tag in tags]


def tags_of(api: Api, ident: str) -> dict[str, str]:
    (found,) = api.ok("DescribeInstances", {"InstanceIds": [ident]})["InstanceSet"]
    return {tag["Key"]: tag["Value"] for tag in found["Tags"]}


def test_tags_of_others_and_of_the_cloud_itself_there_are_none(api: Api) -> None:
    ident = api.launched(
        InstanceState.STOPPED, TagSpecification=[{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}]
    )
    assert ok(api, "tag", "DescribeResourceTags", ServiceType="cvm")["TotalCount"] == 1
    assert ok(api, "tag", "DescribeResourceTags", CreateUin=1)["Rows"] == []
    assert code(api, "tag", "DescribeResourceTags", ServiceType="cos") == "UnsupportedOperation"
    asked = {"ServiceType": "cvm", "ResourcePrefix": "instance", "ResourceRegion": REGION, "ResourceIds": [ident]}
    for category, number in (("Custom", 1), ("System", 0)):
        found = ok(api, "tag", "DescribeResourceTagsByResourceIds", **asked, Category=category)
        assert (found["TotalCount"], len(found["Tags"])) == (number, number)


def test_what_is_tagged_is_seen_in_describe_instances(api: Api, ident: str) -> None:
    done = ok(api, "tag", "TagResources", ResourceList=[name(ident)], Tags=pairs("env=test", "owner=me"))
    assert done["FailedResources"] == []
    assert tags_of(api, ident) == {"env": "test", "owner": "me"}
    found = api.ok("DescribeInstances", {"Filters": [{"Name": "tag:env", "Values": ["test"]}]})
    assert found["TotalCount"] == 1
    ok(api, "tag", "TagResources", ResourceList=[name(ident)], Tags=pairs("env=live"))
    ok(api, "tag", "UnTagResources", ResourceList=[name(ident)], TagKeys=["owner", "never"])
    assert tags_of(api, ident) == {"env": "live"}


def test_each_kind_of_resource(api: Api, ident: str) -> None:
    (instance,) = api.ok("DescribeInstances", {"InstanceIds": [ident]})["InstanceSet"]
    disk = instance["SystemDisk"]["DiskId"]
    key = api.key_pair()
    listed = [name(ident), name(disk, kind="volume"), name(key, kind="keypair")]
    assert ok(api, "tag", "TagResources", ResourceList=listed, Tags=pairs("a=b"))["FailedResources"] == []
    found = ok(api, "tag", "GetResources", ResourceList=listed)["ResourceTagMappingList"]
    assert {one["Resource"].rpartition("/")[2] for one in found} == {ident, disk, key}
    (pair,) = api.ok("DescribeKeyPairs", {"KeyIds": [key]})["KeyPairSet"]
    assert pair["Tags"] == [{"Key": "a", "Value": "b"}]


def test_an_unknown_resource_fails_by_itself_or_is_refused(api: Api, ident: str) -> None:
    tagged = ok(api, "tag", "TagResources", ResourceList=[name(GONE), name(ident)], Tags=pairs("a=b"))
    (failed,) = tagged["FailedResources"]
    assert failed["Resource"].endswith(GONE) and failed["Code"] == "ResourceNotFound"
    assert tags_of(api, ident) == {"a": "b"}
    elsewhere = name(ident, region="ap-shanghai")
    for resource in (name(GONE), elsewhere):
        assert code(api, "tag", "ModifyResourceTags", Resource=resource, ReplaceTags=pairs("c=d")) == "ResourceNotFound"
    batch = {"ServiceType": "cvm", "ResourcePrefix": "instance", "ResourceRegion": REGION, "TagKey": "c"}
    refused = code(api, "tag", "AttachResourcesTag", ResourceIds=[ident, GONE], TagValue="d", **batch)
    assert refused == "InvalidParameterValue.ResourceIdInvalid"
    assert tags_of(api, ident) == {"a": "b"}, "a batch with one bad resource changes nothing"


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (f"cvm:{REGION}:instance/{GONE}", "InvalidParameterValue.ResourceDescriptionError"),
        (f"qcs:1:cvm:{REGION}:uin/:instance/{GONE}", "InvalidParameterValue.ResourceDescriptionError"),
        (name(GONE, "1"), "InvalidParameterValue.ResourceDescriptionError"),
        (name(GONE, region="ap-moon"), "InvalidParameterValue.ResourceDescriptionError"),
        (name("ins-1"), "InvalidParameterValue.ResourceDescriptionError"),
        (name("disk-00000000"), "InvalidParameterValue.ResourceDescriptionError"),
        (name(GONE) + ":x", "InvalidParameterValue.ResourceDescriptionError"),
        (f"qcs::cvm:{REGION}:uin/:instance", "InvalidParameterValue.ResourceDescriptionError"),
        ("", "InvalidParameterValue.ResourceDescriptionError"),
        (f"qcs::vpc:{REGION}:uin/:vpc/vpc-00000000", "ResourceNotFound"),
        (f"qcs::vpc:{REGION}:uin/:instance/{GONE}", "UnsupportedOperation"),
        (f"qcs::cvm:{REGION}:uin/:vpc/vpc-00000000", "UnsupportedOperation"),
        (f"qcs::clb:{REGION}:uin/:clb/lb-00000000", "UnsupportedOperation"),
        (f"qcs::cvm:{REGION}:uin/:ps/ps-00000000", "UnsupportedOperation"),
        (name(GONE), "ResourceNotFound"),
        (f"qcs::cvm:{REGION}::instance/{GONE}", "ResourceNotFound"),
    ],
)
def test_names_of_resources_are_read_strictly(api: Api, resource: str, expected: str) -> None:
    assert code(api, "tag", "ModifyResourceTags", Resource=resource, ReplaceTags=pairs("a=b")) == expected


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("", "v", "InvalidParameterValue.TagKeyEmpty"),
        ("k" * 128, "v", "InvalidParameterValue.TagKeyLengthExceeded"),
        ("k&", "v", "InvalidParameterValue.TagKeyCharacterIllegal"),
        (" k", "v", "InvalidParameterValue.TagKeyCharacterIllegal"),
        ("qcs:k", "v", "InvalidParameter.ReservedTagKey"),
        ("项目", "v", "InvalidParameter.ReservedTagKey"),
        ("k", "", "InvalidParameterValue.TagValueEmpty"),
        ("k", "v" * 256, "InvalidParameterValue.TagValueLengthExceeded"),
        ("k", "v\n", "InvalidParameterValue.TagValueCharacterIllegal"),
        ("k" * 127, "v" * 255, ""),
        ("环境 a/b:c@(d)[e],f;>g<", "值=1+2-3_4.5", ""),
    ],
)
def test_what_a_tag_may_be(api: Api, ident: str, key: str, value: str, expected: str) -> None:
    tags = [{"TagKey": key, "TagValue": value}]
    assert code(api, "tag", "TagResources", ResourceList=[name(ident)], Tags=tags) == expected
    assert tags_of(api, ident) == ({} if expected else {key: value})


def test_limits_of_a_request_and_of_a_resource(api: Api, ident: str) -> None:
    many = pairs(*(f"k{number}=v" for number in range(11)))
    where = {"ResourceList": [name(ident)]}
    assert code(api, "tag", "TagResources", Tags=many, **where) == "LimitExceeded.TagNumPerRequest"
    assert (
        code(api, "tag", "TagResources", Tags=pairs("a=b", "a=c"), **where) == "InvalidParameterValue.TagKeyDuplicate"
    )
    eleven = [name(f"ins-{number:08}") for number in range(11)]
    assert (
        code(api, "tag", "TagResources", ResourceList=eleven, Tags=pairs("a=b"))
        == "LimitExceeded.ResourceNumPerRequest"
    )
    for ten in range(5):
        ok(api, "tag", "TagResources", Tags=pairs(*(f"k{ten}{number}=v" for number in range(10))), **where)
    one_more = {"Resource": name(ident), "ReplaceTags": pairs("more=v")}
    assert code(api, "tag", "ModifyResourceTags", **one_more) == "LimitExceeded.ResourceAttachedTags"
    ok(api, "tag", "ModifyResourceTags", DeleteTags=[{"TagKey": "k00"}], **one_more)
    assert len(tags_of(api, ident)) == 50


def test_modify_as_terraform_does(api: Api, ident: str) -> None:
    resource = {"Resource": name(ident)}
    ok(api, "tag", "ModifyResourceTags", ReplaceTags=pairs("a=1", "b=2"), **resource)
    ok(api, "tag", "ModifyResourceTags", ReplaceTags=pairs("a=3"), DeleteTags=[{"TagKey": "b"}], **resource)
    assert tags_of(api, ident) == {"a": "3"}
    read = {"ServiceType": "cvm", "ResourcePrefix": "instance", "ResourceRegion": REGION, "ResourceIds": [ident]}
    found = ok(api, "tag", "DescribeResourceTagsByResourceIds", Limit=100, Offset=0, **read)
    (row,) = found["Tags"]
    assert (row["TagKey"], row["TagValue"], row["ResourceId"], row["ServiceType"]) == ("a", "3", ident, "cvm")
    assert row["TagKeyMd5"] == "0cc175b9c0f1b6a831c399e269772661"
    assert code(api, "tag", "ModifyResourceTags", **resource) == "InvalidParameter.Tag"
    both = {"ReplaceTags": pairs("a=1"), "DeleteTags": [{"TagKey": "a"}], **resource}
    assert code(api, "tag", "ModifyResourceTags", **both) == "InvalidParameterValue.DeleteTagsParamError"


def test_one_tag_of_one_resource(api: Api, ident: str) -> None:
    tag = {"Resource": name(ident), "TagKey": "a"}
    assert code(api, "tag", "DeleteResourceTag", **tag) == "ResourceNotFound.AttachedTagKeyNotFound"
    assert code(api, "tag", "UpdateResourceTagValue", TagValue="1", **tag) == "ResourceNotFound.AttachedTagKeyNotFound"
    ok(api, "tag", "AddResourceTag", TagValue="1", **tag)
    assert code(api, "tag", "AddResourceTag", TagValue="1", **tag) == "ResourceInUse.TagKeyAttached"
    ok(api, "tag", "UpdateResourceTagValue", TagValue="2", **tag)
    assert tags_of(api, ident) == {"a": "2"}
    ok(api, "tag", "DeleteResourceTag", **tag)
    assert tags_of(api, ident) == {}


def test_one_tag_of_several_resources(api: Api) -> None:
    several = [api.launched(InstanceState.RUNNING) for _ in range(2)]
    where = {"ServiceType": "cvm", "ResourcePrefix": "instance", "ResourceRegion": REGION, "ResourceIds": several}
    ok(api, "tag", "AttachResourcesTag", TagKey="a", TagValue="1", **where)
    ok(api, "tag", "ModifyResourcesTagValue", TagKey="a", TagValue="2", **where)
    rows = ok(api, "tag", "DescribeResourceTagsByTagKeys", TagKeys=["a", "b"], **where)["Rows"]
    assert {row["ResourceId"]: row["TagKeyValues"][0]["TagValue"] for row in rows} == dict.fromkeys(several, "2")
    assert ok(api, "tag", "DescribeResourceTags", ServiceType="cvm", ResourcePrefix="instance")["TotalCount"] == 2
    ok(api, "tag", "DetachResourcesTag", TagKey="a", **where)
    assert code(api, "tag", "DetachResourcesTag", TagKey="a", **where) == "ResourceNotFound.AttachedTagKeyNotFound"
    for wrong, expected in (
        ({"ResourceRegion": ""}, "InvalidParameterValue.RegionInvalid"),
        ({"ResourcePrefix": ""}, "InvalidParameterValue.ResourcePrefixInvalid"),
        ({"ResourceIds": ["x"]}, "InvalidParameterValue.ResourceIdInvalid"),
        ({"ResourceIds": [f"ins-{number:08}" for number in range(51)]}, "LimitExceeded.ResourceNumPerRequest"),
        ({"ServiceType": "clb"}, "UnsupportedOperation"),
    ):
        assert code(api, "tag", "AttachResourcesTag", TagKey="a", TagValue="1", **{**where, **wrong}) == expected


def test_get_resources_filters_and_turns_pages(api: Api) -> None:
    idents = sorted(api.launched(InstanceState.RUNNING) for _ in range(3))
    for number, ident in enumerate(idents):
        ok(api, "tag", "ModifyResourceTags", Resource=name(ident), ReplaceTags=pairs("a=1", f"n={number}"))

    def found(**params: Any) -> list[str]:
        listed = ok(api, "tag", "GetResources", **params)["ResourceTagMappingList"]
        return [one["Resource"].rpartition("/")[2] for one in listed]

    assert found() == idents
    first = {"TagKey": "n", "TagValue": ["0", "1"]}
    assert found(TagFilters=[first]) == idents[:2]
    assert found(TagFilters=[first, {"TagKey": "a", "TagValue": ["2"]}]) == []
    assert found(TagFilters=[{"TagKey": "a"}], ResourceList=[name(idents[2])], MaxResults=1) == idents[2:]
    page = ok(api, "tag", "GetResources", MaxResults=2)
    assert len(page["ResourceTagMappingList"]) == 2
    assert found(MaxResults=2, PaginationToken=page["PaginationToken"]) == idents[2:]
    assert ok(api, "tag", "GetResources")["PaginationToken"] == ""
    for token in ("x", "vmsim", "dm1zaW06LTE="):
        assert code(api, "tag", "GetResources", PaginationToken=token) == "InvalidParameter.PaginationTokenInvalid"
    assert code(api, "tag", "GetResources", MaxResults=201) == "LimitExceeded"


def test_tags_are_made_listed_and_deleted(api: Api, ident: str) -> None:
    ok(api, "tag", "CreateTag", TagKey="a", TagValue="1")
    ok(api, "tag", "CreateTags", Tags=pairs("a=2", "b=1"))
    assert code(api, "tag", "CreateTag", TagKey="a", TagValue="1") == "ResourceInUse.TagDuplicate"
    ok(api, "tag", "ModifyResourceTags", Resource=name(ident), ReplaceTags=pairs("a=1", "c=1"))
    tags = ok(api, "tag", "GetTags")["Tags"]
    assert [(tag["TagKey"], tag["TagValue"]) for tag in tags] == [("a", "1"), ("a", "2"), ("b", "1"), ("c", "1")]
    assert ok(api, "tag", "GetTagKeys")["TagKeys"] == ["a", "b", "c"]
    assert [tag["TagValue"] for tag in ok(api, "tag", "GetTagValues", TagKeys=["a"])["Tags"]] == ["1", "2"]
    assert ok(api, "tag", "DescribeTagKeys", Limit=1, Offset=1)["Tags"] == ["b"]
    assert ok(api, "tag", "DescribeTagValues", TagKeys=["a", "b"])["TotalCount"] == 3
    described = ok(api, "tag", "DescribeTags", TagKeys=["a", "b"])["Tags"]
    assert [tag["CanDelete"] for tag in described] == [0, 1, 1]
    assert ok(api, "tag", "DescribeTags", CreateUin=1)["TotalCount"] == 0
    assert ok(api, "tag", "GetTags", Category="System")["Tags"] == []
    assert code(api, "tag", "DeleteTag", TagKey="a", TagValue="1") == "FailedOperation.TagAttachedResource"
    ok(api, "tag", "DeleteTag", TagKey="a", TagValue="2")
    assert code(api, "tag", "DeleteTag", TagKey="a", TagValue="2") == "ResourceNotFound.TagNonExist"
    assert ok(api, "tag", "DescribeTags", TagKey="a", TagValue="2")["TotalCount"] == 0
