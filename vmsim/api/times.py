"""Times as CVM writes and reads them: ISO 8601 in UTC, in whole seconds."""

from __future__ import annotations

from datetime import datetime, timezone

from vmsim.model.errors import UsageError

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
