from __future__ import annotations

from datetime import datetime

import pytest

from vmsim.model import charges
from vmsim.model.errors import UsageError


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2026-11-30", 2, "2027-01-30"),
        ("2026-12-15", 12, "2027-12-15"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2026-05-05", 60, "2031-05-05"),
    ],
)
def test_months_later(day: str, months: int, then: str) -> None:
    assert charges.later(datetime.fromisoformat(day), months) == datetime.fromisoformat(then)


def test_a_renewal_reaches_into_the_future() -> None:
    """A lab that was down for months renews once, and does not lose the day of the month on the way."""
    expired = datetime.fromisoformat("2026-01-31")
    for now, then in (("2026-01-31T01:00:00", "2026-02-28"), ("2026-04-30", "2026-05-31")):
        assert charges.renewed(expired, datetime.fromisoformat(now)) == datetime.fromisoformat(then)


@pytest.mark.parametrize("months", [0, 13, -1, 61])
def test_what_cannot_be_bought(months: int) -> None:
    with pytest.raises(UsageError) as caught:
        charges.check_months(months)
    assert caught.value.code == "InvalidPeriod"
