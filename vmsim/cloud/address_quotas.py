"""How many EIPs a region may have, and how often a day one may ask for them. The day is that of China's clocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from sqlalchemy import Connection

from vmsim.cloud.context import Cloud
from vmsim.model.errors import OutOfResources
from vmsim.model.job import JobKind, JobRecord
from vmsim.store import addresses, jobs
from vmsim.store.schema import addresses as table

MOST_OF_A_REGION = 20
MOST_A_DAY = 2 * MOST_OF_A_REGION
MOST_REALLOCATED_A_DAY = 10
_DAILY = "AddressQuotaLimitExceeded.DailyAllocate"
_CHINA = timezone(timedelta(hours=8))


@dataclass(frozen=True)
class Quota:
    """How much is used of what may be."""

    id: str
    used: int
    most: int


def quotas(cloud: Cloud, region: str) -> tuple[Quota, ...]:
    with cloud.store.reading() as connection:
        return (
            Quota("TOTAL_EIP_QUOTA", addresses.count(connection, table.c.region == region), MOST_OF_A_REGION),
            Quota("DAILY_EIP_APPLY", _allocated_today(cloud, connection, region), MOST_A_DAY),
            Quota("DAILY_PUBLIC_IP_ASSIGN", len(_reallocated_today(cloud, connection)), MOST_REALLOCATED_A_DAY),
        )


def check_number(connection: Connection, region: str, more: int) -> None:
    there = addresses.count(connection, table.c.region == region)
    if there + more > MOST_OF_A_REGION:
        raise OutOfResources(
            f"Region {region} has {there} EIPs; {MOST_OF_A_REGION} are possible.", code="AddressQuotaLimitExceeded"
        )


def check_day(cloud: Cloud, connection: Connection, region: str, more: int) -> None:
    today = _allocated_today(cloud, connection, region)
    if today + more > MOST_A_DAY:
        raise OutOfResources(
            f"{today} EIPs were allocated in {region} today; {MOST_A_DAY} a day are possible.", code=_DAILY
        )


def check_reallocation(cloud: Cloud, connection: Connection) -> None:
    """An ordinary address for an instance whose EIP goes."""
    if len(_reallocated_today(cloud, connection)) >= MOST_REALLOCATED_A_DAY:
        raise OutOfResources(
            f"{MOST_REALLOCATED_A_DAY} ordinary addresses were given for EIPs today already.", code=_DAILY
        )


def _allocated_today(cloud: Cloud, connection: Connection, region: str) -> int:
    done = jobs.since(connection, JobKind.ALLOCATE_ADDRESSES, _midnight(cloud))
    return sum(len(job.arguments["ids"]) for job in done if job.arguments["region"] == region)


def _reallocated_today(cloud: Cloud, connection: Connection) -> list[JobRecord]:
    done = jobs.since(connection, JobKind.UNBIND_ADDRESS, _midnight(cloud))
    return [job for job in done if job.arguments["reallocate"]]


def _midnight(cloud: Cloud) -> datetime:
    """When the cloud's day began, by China's clocks."""
    return cloud.clock.now().astimezone(_CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
