"""Errors of the domain as Tencent's codes and sentences: the only place that makes them.

A code is what a client acts on, so none leaves that is neither a common one nor in the action's published list. The
candidates of an error are tried in order, each followed by what is nearest to it; the last is always a common code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vmsim.api import spec
from vmsim.model import errors
from vmsim.model.lifecycle import REFUSED_CODES_BY_STATE, InstanceState

COMMON = frozenset(
    {
        "ActionOffline",
        "AuthFailure.InvalidAuthorization",
        "AuthFailure.InvalidSecretId",
        "AuthFailure.MFAFailure",
        "AuthFailure.SecretIdNotFound",
        "AuthFailure.SignatureExpire",
        "AuthFailure.SignatureFailure",
        "AuthFailure.TokenFailure",
        "AuthFailure.UnauthorizedOperation",
        "DryRunOperation",
        "FailedOperation",
        "InternalError",
        "InvalidAction",
        "InvalidParameter",
        "InvalidParameterValue",
        "InvalidRequest",
        "IpInBlacklist",
        "IpNotInWhitelist",
        "LimitExceeded",
        "MissingParameter",
        "NoSuchProduct",
        "NoSuchVersion",
        "RequestLimitExceeded",
        "RequestLimitExceeded.GlobalRegionUinLimitExceeded",
        "RequestLimitExceeded.IPLimitExceeded",
        "RequestLimitExceeded.UinLimitExceeded",
        "RequestSizeLimitExceeded",
        "ResourceInUse",
        "ResourceInsufficient",
        "ResourceNotFound",
        "ResourceUnavailable",
        "ResponseSizeLimitExceeded",
        "ServiceUnavailable",
        "UnauthorizedOperation",
        "UnknownParameter",
        "UnsupportedOperation",
        "UnsupportedProtocol",
        "UnsupportedRegion",
    }
)
# The most telling class first: an error takes the first row that it is an instance of.
_BY_CLASS: tuple[tuple[type[errors.VmsimError], tuple[str, ...]], ...] = (
    (errors.Missing, ("MissingParameter",)),
    (errors.UsageError, ("InvalidParameterValue",)),
    (errors.NotFound, ("ResourceNotFound",)),
    (
        errors.Busy,
        ("OperationDenied.InstanceOperationInProgress", "MutexOperation.TaskRunning", "UnsupportedOperation"),
    ),
    (errors.InUse, ("InvalidParameterValue.KeyPairNotSupported", "ResourceInUse")),
    (errors.Refused, ("UnsupportedOperation",)),
    (errors.OutOfResources, ("ResourceInsufficient",)),
    (errors.OperationFailed, ("FailedOperation",)),
    (errors.VmsimError, ("InternalError",)),
)
_NOT_FOUND = {
    "instance": "InvalidInstanceId.NotFound",
    "key pair": "InvalidKeyPairId.NotFound",
    "image": "InvalidImageId.NotFound",
    "disk": "InvalidDiskId.NotFound",
    "snapshot": "InvalidSnapshotId.NotFound",
    "VPC": "InvalidParameterValue.VpcIdNotExist",
    "subnet": "InvalidParameterValue.SubnetNotExist",
    "EIP": "InvalidAddressId.NotFound",
    "security group": "InvalidSecurityGroupId.NotFound",
}
# The same fact is called differently from action to action.
_ALSO_CALLED: Mapping[str, tuple[str, ...]] = {
    "InvalidKeyPairId.NotFound": ("InvalidParameterValue.KeyPairNotFound", "ResourceNotFound.KeyPairNotFound"),
    "InvalidKeyPairId.Malformed": ("InvalidParameterValue.KeyPairNotFound",),
    "InvalidImageId.NotFound": ("InvalidParameterValue.InvalidImageId",),
    "InvalidParameterValue.InstanceIdMalformed": ("InvalidInstanceId.Malformed",),
    "InvalidParameterValue.InstanceTypeNotFound": ("InvalidInstanceType.Malformed",),
    "InvalidParameterValue.LimitExceeded": (
        "InvalidParameterValue.InvalidParameterValueLimit",
        "InvalidParameterValueLimit",
    ),
    "InvalidDiskId.NotFound": ("ResourceNotFound.NotFound", "ResourceNotFound"),
    "InvalidParameterCombination": ("InvalidParameter.ParameterConflict", "InvalidParameter"),
    "InvalidParameterValue.ZoneNotSupported": ("InvalidZone.MismatchRegion",),
    "InvalidZone.MismatchRegion": ("InvalidParameterValue.ZoneNotSupported",),
    "InvalidParameterValue.ResourceIdInvalid": ("ResourceNotFound",),
    "InvalidParameterValue.DuplicateTags": ("InvalidParameterValue.TagDuplicateKey",),
    "InvalidFilter": ("InvalidParameter.FilterInvalidKey", "InvalidParameter.InvalidFilter"),
    "InvalidFilterValue.LimitExceeded": ("InvalidParameterValue.LimitExceeded",),
    "InvalidSgId.Malformed": ("InvalidSecurityGroupID.Malformed", "InvalidParameterValue.Malformed"),
    "InvalidSecurityGroupId.NotFound": ("InvalidSecurityGroupID.NotFound", "ResourceNotFound"),
}
# The head of a code that is not common itself, and the common code that says the same less exactly.
_NEAREST_COMMON: tuple[tuple[str, str], ...] = (
    ("InvalidParameter", "InvalidParameter"),
    ("Invalid", "InvalidParameterValue"),
    ("Vpc", "InvalidParameterValue"),
    ("MutexOperation", "UnsupportedOperation"),
    ("OperationDenied", "UnsupportedOperation"),
    ("ResourcesSoldOut", "ResourceInsufficient"),
    ("InstancesQuota", "LimitExceeded"),
)
_CHINESE_STATES = {
    InstanceState.PENDING: "创建中",
    InstanceState.LAUNCH_FAILED: "创建失败",
    InstanceState.RUNNING: "运行中",
    InstanceState.STOPPED: "已关机",
    InstanceState.STARTING: "开机中",
    InstanceState.STOPPING: "关机中",
    InstanceState.REBOOTING: "重启中",
    InstanceState.SHUTDOWN: "待回收",
    InstanceState.TERMINATING: "销毁中",
}


def code(error: errors.VmsimError, service: str, action: str) -> str:
    """The published code of an error for an action ("" where it is not known which)."""
    listed = spec.error_list(service, action) | COMMON
    return next(candidate for candidate in _candidates(error) if candidate in listed)


def message(error: errors.VmsimError, request_id: str, language: str = "") -> str:
    """The sentence, ended as the cloud's own are: with the first eight digits of the request's id."""
    state = _state(error)
    if language == "zh-CN" and isinstance(error, errors.WrongState) and state is not None:
        text = f"不支持状态为{_CHINESE_STATES[state]}的实例{error.instance}"
    else:
        text = f"{error.message} {error.hint}".strip()
    return f"{text} ({request_id[:8]})"


def _candidates(error: errors.VmsimError) -> Iterator[str]:
    for candidate in _own(error):
        yield candidate
        yield from _ALSO_CALLED.get(candidate, ())
        yield candidate.partition(".")[0]
        yield from (common for head, common in _NEAREST_COMMON if candidate.startswith(head))
    yield "InternalError"


def _own(error: errors.VmsimError) -> Iterator[str]:
    """What fits the error itself, best first."""
    if error.code:
        yield error.code
    state = _state(error)
    if state is not None:
        yield f"UnsupportedOperation.InstanceState{REFUSED_CODES_BY_STATE[state]}"
    if isinstance(error, errors.NotFound) and error.kind in _NOT_FOUND:
        yield _NOT_FOUND[error.kind]
    yield from next(codes for kind, codes in _BY_CLASS if isinstance(error, kind))


def _state(error: errors.VmsimError) -> InstanceState | None:
    """The state that refuses, however the raiser spelled it: Tencent's value or our words."""
    if not isinstance(error, errors.WrongState):
        return None
    return next((state for state in InstanceState if error.state in (state.value, state.words)), None)
