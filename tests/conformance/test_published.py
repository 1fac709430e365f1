"""The examples that Tencent publishes go through our parser and validator; those that break the published schema are
named below with what is wrong with them, and must go on being wrong in that way."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pytest

from vmsim.api import request, spec, validation
from vmsim.model.errors import UsageError

from .published import Example, examples

pytestmark = pytest.mark.tools

OLDER = "printed before this member was added, which every reply has by now"
OF_ANOTHER = "printed under this action's name, but it asks another one"
TEXT = "printed as text; the schema and the real replies have the other kind"
REQUESTS: Mapping[str, tuple[str, str]] = {
    "cbs.ModifyDiskExtraPerformance.0": ("not JSON", "two bodies are printed one below the other"),
    "clb.AssociateCustomizedConfig.0": (
        "ListenerId is missing",
        "a load balancer is bound whole: left out, though required",
    ),
    "clb.DisassociateCustomizedConfig.0": (
        "ListenerId is missing",
        "a load balancer is bound whole: left out, though required",
    ),
    "clb.RegisterModelsToServiceProvider.1": ("AssociateModelsToServiceProvider", OF_ANOTHER),
    "vpc.UpgradeNatGatewayProductVersion.0": ("MigrateTraditionalNatToStandard", OF_ANOTHER),
    "vpc.UpgradeNatGatewayProductVersion.1": ("MigrateTraditionalNatToStandard", OF_ANOTHER),
}
REPLIES: Mapping[str, tuple[str, str]] = {
    "as.DescribeAutoScalingActivities.0": ("ActivityRelatedInstanceSet is missing", OLDER),
    "as.DescribeAutoScalingActivities.1": ("ActivityRelatedInstanceSet is missing", OLDER),
    "as.DescribeAutoScalingGroupLastActivities.0": ("ActivityRelatedInstanceSet is missing", OLDER),
    "as.DescribeLaunchConfigurations.0": ("DedicatedClusterId is missing", OLDER),
    "as.DescribeLaunchConfigurations.1": ("DedicatedClusterId is missing", OLDER),
    "as.DescribeLaunchConfigurations.2": ("DedicatedClusterId is missing", OLDER),
    "cbs.DescribeSnapshotGroups.0": ("AutoSnapshotPolicyId is missing", OLDER),
    "cbs.DescribeSnapshots.0": ("SnapshotMode is missing", OLDER),
    "clb.DescribeRewrite.0": ("SSLVerifyClient is missing", OLDER),
    "clb.DescribeSupportedProviders.0": ("EnglishDisplayName is missing", OLDER),
    "clb.DescribeTargetGroups.0": ("ScheduleAlgorithm is missing", OLDER),
    "clb.DescribeTargetGroups.1": ("ScheduleAlgorithm is missing", OLDER),
    "clb.DescribeTargetHealth.0": ("HealthStatusDetial is missing", OLDER),
    "clb.DescribeTargets.0": ("FunctionTargets is null", "null where the schema does not say that it may be"),
    "clb.DescribeTargets.1": ("Targets is null", "null where the schema does not say that it may be"),
    "cvm.DescribeDisasterRecoverGroupQuota.0": ("CvmInSwGroupQuota is missing", OLDER),
    "cvm.DescribeDisasterRecoverGroups.0": ("Strategy is missing", OLDER),
    "cvm.DescribeInstances.0": ("SystemDisk.Encrypt is missing", OLDER),
    "cvm.DescribeInstances.1": ("SystemDisk.Encrypt is missing", OLDER),
    "cvm.DescribeInstances.2": ("SystemDisk.Encrypt is missing", OLDER),
    "cvm.DescribeLaunchTemplateVersions.0": ("SystemDisk.Encrypt is missing", OLDER),
    "vpc.AllocateAddresses.3": ("Error is not in", "a refusal; no schema holds the members of Error"),
    "vpc.CheckAssistantCidr.0": ("ConflictId is missing", OLDER),
    "vpc.CreateRoutePolicy.0": ("RoutePolicyDescription is missing", OLDER),
    "vpc.CreateSnapshotPolicies.0": ("BackupPolicies is missing", OLDER),
    "vpc.CreateVpcEndPointService.0": ("'false' is no bool", TEXT),
    "vpc.DescribeCcnRegionBandwidthLimits.0": ("IsBm is missing", OLDER),
    "vpc.DescribeNatGateways.0": ("StrictSnatMode is missing", OLDER),
    "vpc.DescribeNatGateways.1": ("StrictSnatMode is missing", OLDER),
    "vpc.DescribeRoutePolicies.0": ("TagSet is missing", OLDER),
    "vpc.DescribeSecurityGroupLimits.0": ("SecurityGroupExtendedPolicyLimit is missing", OLDER),
    "vpc.ModifyAssistantCidr.0": ("'253' is no int", TEXT),
    "vpc.ModifyAssistantCidr.1": ("'253' is no int", TEXT),
}


@cache
def published(service: str) -> tuple[Example, ...]:
    found = tuple(example for example in examples() if example.service.name == service)
    assert found
    return found


def wrong_request(example: Example) -> str:
    """What our parser says of it; "" when it takes it."""
    wire = example.wire()
    try:
        asked = request.read(wire)
        raw, textual = request.parameters(wire, asked)
        if asked.action != example.action:
            return f"it asks {asked.action}"
        validation.request_parameters(example.service, example.action, raw, textual=textual)
    except UsageError as error:
        return error.message
    return ""


def wrong_reply(example: Example) -> str:
    response = example.response()
    assert response.pop("RequestId")
    try:
        validation.check_reply(example.service, example.action, response)
    except AssertionError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("service", spec.SERVICES)
def test_the_published_requests_are_understood(service: str) -> None:
    _as_named({example.name: wrong_request(example) for example in published(service)}, REQUESTS, service)


@pytest.mark.parametrize("service", spec.SERVICES)
def test_the_published_replies_are_what_the_validator_asks_of_ours(service: str) -> None:
    _as_named({example.name: wrong_reply(example) for example in published(service)}, REPLIES, service)


def _as_named(found: Mapping[str, str], named: Mapping[str, tuple[str, str]], service: str) -> None:
    own = {name: words for name, (words, _) in named.items() if name.startswith(f"{service}.")}
    assert {name: words for name, words in found.items() if words and name not in own} == {}
    assert {name: found.get(name) for name, words in own.items() if words not in found.get(name, "")} == {}


def test_every_exception_is_explained() -> None:
    assert all(words and reason for words, reason in (*REQUESTS.values(), *REPLIES.values()))
