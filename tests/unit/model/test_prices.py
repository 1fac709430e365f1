from __future__ import annotations

from vmsim.model import prices
from vmsim.model.instance_types import TYPES


def test_bigger_things_cost_more() -> None:
    small, large = (prices.machine(TYPES[name], {}).price for name in ("S5.SMALL1", "S5.LARGE8"))
    assert 0 < small < large
    assert prices.machine(TYPES["S5.SMALL1"], {"CLOUD_SSD": 100}).price > small
    assert prices.bandwidth(2).price == 2 * prices.bandwidth(1).price
    assert prices.bandwidth(0).price == 0


def test_the_longer_the_cheaper() -> None:
    hour = prices.machine(TYPES["S5.LARGE8"], {})
    bought = [hour.prepaid(months) for months in (1, 12, 36, 60)]
    discounts = [one.discount for one in bought]
    assert discounts == sorted(discounts, reverse=True) and len(set(discounts)) == 4
    assert all(one.discounted < one.original for one in bought)
