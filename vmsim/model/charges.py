"""How an instance is paid for, as far as its life depends on it: prepaid ones expire."""

from __future__ import annotations

import calendar
from datetime import datetime

from vmsim.model.errors import UsageError

POSTPAID = "POSTPAID_BY_HOUR"
PREPAID = "PREPAID"
MONTHS = (*range(1, 13), 24, 36, 48, 60)
"""What can be bought at once (InstanceChargePrepaid.Period)."""
AUTO_RENEW = "NOTIFY_AND_AUTO_RENEW"
MANUAL_RENEW = "NOTIFY_AND_MANUAL_RENEW"
RENEW_FLAGS = (AUTO_RENEW, MANUAL_RENEW, "DISABLE_NOTIFY_AND_MANUAL_RENEW")
RENEWED_MONTHS = 1
"""An automatic renewal buys a month."""
BY_HAND, BY_EXPIRY = "MANMADE", "EXPIRE"
"""IsolatedSource: why an instance is in the recycle bin."""


def check_months(months: int) -> int:
    if months not in MONTHS:
        raise UsageError(
            f"{months} months cannot be bought.",
            hint=f"Possible: {', '.join(map(str, MONTHS))}.",
            code="InvalidPeriod",
        )
    return months


def later(moment: datetime, months: int) -> datetime:
    """The same day of a later month, or that month's last day."""
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def renewed(expires: datetime, now: datetime) -> datetime:
    """The next expiry in the future, whole renewals later."""
    months = RENEWED_MONTHS
    while later(expires, months) <= now:
        months += RENEWED_MONTHS
    return later(expires, months)
