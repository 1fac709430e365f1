"""What was measured, as a table for a person and as JSON for a program: medians, least, and the ratios of the goals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from contestant import EDIT, LAUNCH, MEASURES, STOP
from rich.console import Console
from rich.table import Table

PRODUCT, FLOOR, APPLIANCE = "vmsim", "bare libvirt", "virt-customize"
LAUNCH_RATIO, STOP_SECONDS, EDIT_RATIO = 1.10, 0.2, 20.0

Runs = Mapping[str, Mapping[str, Sequence[float]]]
"""Contestant → measure → seconds of each run."""


@dataclass(frozen=True)
class Goal:
    """`value` and `limit` are of one kind; `at_most` says on which side of the limit it must be."""

    text: str
    value: float
    limit: float
    at_most: bool = True

    @property
    def met(self) -> bool:
        return self.value <= self.limit if self.at_most else self.value >= self.limit


def goals(runs: Runs) -> list[Goal]:
    """Those that can be judged by who took part."""
    found = []
    product, floor, appliance = (_medians(runs, name) for name in (PRODUCT, FLOOR, APPLIANCE))
    if LAUNCH in product and LAUNCH in floor:
        text = "launch → SSH, in terms of bare libvirt's"
        found.append(Goal(text, product[LAUNCH] / floor[LAUNCH], LAUNCH_RATIO))
        found.append(Goal("soft stop, seconds over bare libvirt's", product[STOP] - floor[STOP], STOP_SECONDS))
    if EDIT in product and EDIT in appliance:
        text = "virt-customize's password + key, in terms of vmsim's"
        found.append(Goal(text, appliance[EDIT] / product[EDIT], EDIT_RATIO, at_most=False))
    return found


def _medians(runs: Runs, name: str) -> dict[str, float]:
    return {measure: median(seconds) for measure, seconds in runs.get(name, {}).items() if seconds}


def as_json(runs: Runs, host: Mapping[str, Any]) -> dict[str, Any]:
    rows = [
        {"measure": measure, "by": name, "median": round(median(seconds), 3), "min": round(min(seconds), 3)}
        | {"runs": [round(one, 3) for one in seconds]}
        for measure in MEASURES
        for name, measured in runs.items()
        if (seconds := measured.get(measure))
    ]
    judged = [
        {"goal": goal.text, "value": round(goal.value, 3), "limit": goal.limit}
        | {"side": "at most" if goal.at_most else "at least", "met": goal.met}
        for goal in goals(runs)
    ]
    return {"benchmark": "lifecycle", "host": host, "rows": rows, "goals": judged}


def show(runs: Runs, host: Mapping[str, Any]) -> None:
    console = Console()
    table = Table(title=f"Seconds, median (least) — {', '.join(f'{key} {value}' for key, value in host.items())}")
    table.add_column("")
    for name in runs:
        table.add_column(name, justify="right")
    if PRODUCT in runs and FLOOR in runs:
        table.add_column(f"{PRODUCT} / {FLOOR}", justify="right")
    for measure in MEASURES:
        table.add_row(
            measure, *(_cell(measured.get(measure, ())) for measured in runs.values()), *_ratio(runs, measure)
        )
    console.print(table)
    for goal in goals(runs):
        side = "at most" if goal.at_most else "at least"
        console.print(f"{'met' if goal.met else 'MISSED':6}  {goal.text}: {goal.value:.2f} ({side} {goal.limit:g})")


def _cell(seconds: Sequence[float]) -> str:
    return f"{median(seconds):.2f} ({min(seconds):.2f})" if seconds else "–"


def _ratio(runs: Runs, measure: str) -> list[str]:
    product, floor = (_medians(runs, name) for name in (PRODUCT, FLOOR))
    if PRODUCT not in runs or FLOOR not in runs:
        return []
    return [f"{product[measure] / floor[measure]:.2f}"] if measure in product and measure in floor else ["–"]
