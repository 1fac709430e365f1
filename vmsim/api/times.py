"""Times as the cloud writes them, in whole seconds: CVM in UTC (ISO 8601), CBS as China's clocks show."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from vmsim.model.errors import UsageError

_CHINA = timezone(timedelta(hours=8))
_FORM = "%Y-%m-%dT%H:%M:%SZ"


def iso(moment: datetime) -> str:
    """For instance 2026-11-23T18:30:00Z."""
    return moment.astimezone(timezone.utc).strftime(_FORM)


def moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, _FORM).replace(tzinfo=timezone.utc)
    except ValueError as error:
        raise UsageError(
            f"{text!r} is no time; one looks like 2026-11-23T18:30:00Z.", code="InvalidParameterValue.InvalidTimeFormat"
        ) from error


def of_china(moment: datetime) -> str:
    """For instance 2026-11-24 02:30:00."""
    return moment.astimezone(_CHINA).strftime("%Y-%m-%d %H:%M:%S")
