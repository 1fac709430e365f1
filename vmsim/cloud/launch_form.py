"""What a launch's form must be like, whatever there is room for."""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta

from vmsim.cloud.context import Cloud
from vmsim.model import charges
from vmsim.model.disk import MOST_DATA_DISKS
from vmsim.model.errors import NotSimulated, Refused, UsageError
from vmsim.model.instance_types import InstanceType
from vmsim.model.launch import LaunchRequest

MOST_AT_ONCE = 500
MOST_DISK_GIB = 32000
MOST_USER_DATA = 16 * 1024
TIMER_NOTICE = timedelta(minutes=5)


def check_counts(request: LaunchRequest) -> None:
    if not 1 <= request.count <= MOST_AT_ONCE:
        raise UsageError(
            f"{request.count} instances were asked for; 1 to {MOST_AT_ONCE} can be launched at once.",
            code="InvalidParameterValue.Range",
        )
    if request.private_ips and len(request.private_ips) != request.count:
        raise UsageError(
            f"{len(request.private_ips)} private addresses were given for {request.count} instances.",
            code="InvalidParameterValue",
        )
    if len(request.data_disks) > MOST_DATA_DISKS:
        raise UsageError(f"An instance has at most {MOST_DATA_DISKS} data disks.", code="InvalidParameterValue")
    for disk in request.data_disks:
        if not 1 <= disk.size_gib <= MOST_DISK_GIB:
            raise UsageError(
                f"A data disk of {disk.size_gib} GiB was asked for; 1 to {MOST_DISK_GIB} are possible.",
                code="InvalidParameterValue.Range",
            )


def check_charge(request: LaunchRequest) -> None:
    if request.charge_type not in (charges.POSTPAID, charges.PREPAID):
        raise NotSimulated(f"The charge type {request.charge_type} is not simulated.")
    if request.charge_type == charges.POSTPAID:
        if request.prepaid_months or request.renew_flag:
            raise UsageError("A period and a renew flag belong to PREPAID alone.", code="InvalidParameterCombination")
        return
    charges.check_months(request.prepaid_months)
    if request.renew_flag and request.renew_flag not in charges.RENEW_FLAGS:
        raise UsageError(
            f"RenewFlag is {request.renew_flag!r}; it must be one of {', '.join(charges.RENEW_FLAGS)}.",
            code="InvalidParameterValue",
        )
    if request.fewest:
        raise Refused(
            "MinCount is not possible with PREPAID.", code="UnsupportedOperation.MinCountUnsupportedChargeType"
        )


def check_timer(cloud: Cloud, request: LaunchRequest) -> None:
    earliest = cloud.clock.now() + TIMER_NOTICE
    if request.terminate_at is not None and request.terminate_at <= earliest:
        raise UsageError(
            f"An action timer goes off {TIMER_NOTICE.seconds // 60} minutes from now or later.",
            code="InvalidParameterValue",
        )


def check_topology(request: LaunchRequest, kind: InstanceType) -> None:
    cores, threads = request.cores, request.threads_per_core
    if not (cores or threads):
        return
    if not (cores and threads):
        raise UsageError(
            "CoreCount and ThreadPerCore belong together.", code="InvalidParameter.LackCoreCountOrThreadPerCore"
        )
    if threads not in (1, 2):
        raise UsageError(f"ThreadPerCore is {threads}; it is 1 or 2.", code="InvalidParameterValue.ThreadPerCoreValue")
    if cores < 1 or cores * threads > kind.cpu:
        raise UsageError(
            f"{cores} cores of {threads} threads were asked for; {kind.name} has {kind.cpu} CPU.",
            code="InvalidParameterValue.CoreCountValue",
        )


def check_user_data(text: str) -> None:
    try:
        decoded = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise UsageError(
            f"The user data is not base64: {error}.", code="InvalidParameterValue.InvalidUserDataFormat"
        ) from error
    if len(decoded) > MOST_USER_DATA:
        raise UsageError(
            f"The user data has {len(decoded)} bytes; {MOST_USER_DATA} are possible.",
            code="InvalidParameterValue.InvalidUserDataFormat",
        )
