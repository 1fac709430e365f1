"""Errors of the domain as the legacy API tells them: a number for programs, a module code and a sentence for people.

The numbers are the published ones. Of module codes the published names are few; where they have none for a case, the
name here is ours, of the same kind.
"""

from __future__ import annotations

from dataclasses import dataclass

from vmsim.api.legacy.replay import REPLAYED
from vmsim.model import errors

ALL_FAILED = (5100, "OperationFail.AllResourceOpFailed")
SOME_FAILED = (5400, "OperationFail.SomeResourceOpFailed")
WRONG_STATUS = "OperationConstraints.InvaildInstanceStatus"
"""Spelled as it is published."""
INTERNAL = 6000
NOT_PREPAID = "NotSupport.NotPrepaidUser"
NOT_THIS_CONFIGURATION = "NotSupport.InstanceConfig"

_BY_CODE = {
    "AuthFailure.SecretIdNotFound": (4104, "AuthFailure.SecretIdNotFound"),
    "AuthFailure.TokenFailure": (4105, "AuthFailure.TokenFailure"),
    "AuthFailure.SignatureExpire": (4500, REPLAYED),
    REPLAYED: (4500, REPLAYED),
    "InvalidAction": (6100, "InvalidAction"),
    "UnsupportedProtocol": (4600, "UnsupportedProtocol"),
    "UnsupportedOperation.StoppedModeStopCharging": (5100, WRONG_STATUS),
    NOT_PREPAID: (5100, NOT_PREPAID),
    NOT_THIS_CONFIGURATION: (5100, NOT_THIS_CONFIGURATION),
}
# The most telling class first: an error takes the first row that it is an instance of.
_BY_CLASS: tuple[tuple[type[errors.VmsimError], tuple[int, str]], ...] = (
    (errors.UsageError, (4000, "InvalidParameter")),
    (errors.NotFound, (5000, "ResourceNotFound")),
    (errors.WrongState, (5100, WRONG_STATUS)),
    (errors.Busy, (5100, WRONG_STATUS)),
    (errors.NotSimulated, (5100, "NotSupport")),
    (errors.OutOfResources, (5100, "OperationFail.ResourceInsufficient")),
    (errors.Refused, (5100, "OperationFail")),
    (errors.OperationFailed, (5100, "OperationFail")),
    (errors.VmsimError, (INTERNAL, "InternalError")),
)


@dataclass(frozen=True)
class Told:
    """What a client hears of an error."""

    code: int
    name: str
    message: str


def told(error: errors.VmsimError) -> Told:
    code, name = _row(error)
    return Told(code, name, f"({name}){error.message} {error.hint}".strip())


def _row(error: errors.VmsimError) -> tuple[int, str]:
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    if error.code.startswith("AuthFailure"):
        return 4100, error.code
    return next(row for kind, row in _BY_CLASS if isinstance(error, kind))
