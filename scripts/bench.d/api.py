"""How fast the API answers: DescribeInstances of 20 instances by tag, and StopInstances, by one client and by eight.

Beside vmsim's home of 1,000 stopped instances stand one of 100 and one of 10,000 (does the cost grow with the page or
with the home?) and, where it is named, moto's EC2 server with 1,000. Measured in turn, in three rounds, on requests
signed beforehand. Progress goes to standard error. Exits with 1 when a goal is missed, with 2 for a wrong command line.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Protocol

from full_home import IN_A_GROUP, full_home
from load import Measured, measure
from moto_server import moto_server
from report import Goal
from rich.console import Console
from rich.table import Table

from vmsim.model.errors import VmsimError
from vmsim.model.lifecycle import InstanceState

ROUNDS = 3
MANY = 8
DESCRIBE = "DescribeInstances, 20 by tag"
AGAIN = "the same, asked again"
REFUSED = "StopInstances of a stopped one"
ACCEPTED = "StopInstances, accepted"
_SMALL, _USUAL, _LARGE = 100, 1000, 10_000


class Served(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def address(self) -> tuple[str, int]: ...
    @property
    def ids(self) -> Sequence[str]: ...
    def describe(self, group: int, mark: str) -> bytes: ...
    def stop(self, number: int) -> bytes: ...


@dataclass(frozen=True)
class Cell:
    """What was measured: by whom, what, with how many clients."""

    name: str
    what: str
    clients: int


_marks = itertools.count()
Runs = dict[Cell, list[Measured]]


def main(argv: Sequence[str]) -> int:
    asked = _arguments(argv)
    try:
        runs = _measured(asked.requests, asked.peers)
    except VmsimError as error:
        print(f"{error.message} {error.hint}".strip(), file=sys.stderr)
        return 1
    found = _goals(runs)
    if asked.output == "json":
        print(json.dumps(_as_json(runs, found), indent=2, ensure_ascii=False))
    else:
        _show(runs, found)
    return 0 if all(goal.met for goal in found) else 1


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench api", description=__doc__)
    parser.add_argument("--requests", type=int, default=800, help="of each kind in a round (default 800)")
    parser.add_argument("--output", choices=("table", "json"), default="table")
    parser.add_argument("--peers", choices=("", "moto"), default="", help="moto, when moto_server is on PATH")
    asked = parser.parse_args(argv)
    if asked.requests < MANY:
        parser.error(f"--requests must be at least {MANY}")
    return asked


def _measured(requests: int, peers: str) -> Runs:
    runs: Runs = {}
    with tempfile.TemporaryDirectory(prefix="vmsim-bench-") as folder, ExitStack() as stack:
        _say("starting the homes")
        homes = [stack.enter_context(full_home(Path(folder) / str(size), size)) for size in (_SMALL, _USUAL, _LARGE)]
        usual = homes[1]
        served: list[Served] = [usual]
        if peers:
            _say("filling moto")
            served.append(stack.enter_context(moto_server(_USUAL)))
        for _ in range(ROUNDS):
            for home in (homes[0], homes[2]):
                _run(runs, home, DESCRIBE, 1, requests)
            for one in served:
                # moto takes half a second for each
                number = requests if one is usual else requests // 20
                for clients in (1, MANY):
                    _run(runs, one, DESCRIBE, clients, number)
                    _run(runs, one, AGAIN, clients, number)
                    _run(runs, one, REFUSED, clients, number)
        running = stack.enter_context(full_home(Path(folder) / "running", _USUAL // 2, InstanceState.RUNNING))
        _run(runs, running, ACCEPTED, 1, _USUAL // 2)
    return runs


def _run(runs: Runs, served: Served, what: str, clients: int, number: int) -> None:
    groups = len(served.ids) // IN_A_GROUP
    if what in (DESCRIBE, AGAIN):
        # What was asked before is remembered until something is written; so each asks what nobody asked before.
        marks = itertools.repeat("") if what == AGAIN else map(str, _marks)
        wanted = [served.describe(each % groups, next(marks)) for each in range(number)]
        proof = b"nstanceState"
    else:
        wanted = [served.stop(each % len(served.ids)) for each in range(number)]
        proof = {REFUSED: b"InstanceStateStopped", ACCEPTED: b'{"Response": {"RequestId"'}[what]
        proof = proof if "vmsim" in served.name else b"<StopInstancesResponse"
    found = measure(served.address, wanted, clients, proof)
    cell = Cell(served.name, what, clients)
    runs.setdefault(cell, []).append(found)
    _say(f"{cell.name:24} {what:32} {clients} client(s)  p50 {found.percentile(50) * 1e3:7.2f} ms  {found.rate:6.0f}/s")


def _goals(runs: Runs) -> list[Goal]:
    def of(size: int, clients: int, what: str = DESCRIBE) -> Cell:
        return Cell(f"vmsim, {size} instances", what, clients)

    # Of neighbours in time: the machine is not equally quick in every round.
    pairs = zip(runs[of(_LARGE, 1)], runs[of(_SMALL, 1)], strict=True)
    growth = median(large.percentile(50) / small.percentile(50) for large, small in pairs)
    return [
        Goal("DescribeInstances, p50 with one client, ms", _p50(runs[of(_USUAL, 1)]) * 1e3, 5.0),
        Goal("StopInstances, p50 with one client, ms", _p50(runs[of(_USUAL, 1, REFUSED)]) * 1e3, 5.0),
        Goal("new DescribeInstances a second, eight clients", _rate(runs[of(_USUAL, MANY)]), 1000.0, at_most=False),
        Goal("DescribeInstances again, eight clients", _rate(runs[of(_USUAL, MANY, AGAIN)]), 1000.0, at_most=False),
        Goal(
            "StopInstances a second with eight clients", _rate(runs[of(_USUAL, MANY, REFUSED)]), 1000.0, at_most=False
        ),
        Goal("p50 at 10,000 instances, in terms of p50 at 100", growth, 1.5),
    ]


def _p50(found: Sequence[Measured]) -> float:
    return median(one.percentile(50) for one in found)


def _p99(found: Sequence[Measured]) -> float:
    return median(one.percentile(99) for one in found)


def _rate(found: Sequence[Measured]) -> float:
    return median(one.rate for one in found)


def _rows(runs: Mapping[Cell, Sequence[Measured]]) -> list[dict[str, object]]:
    return [
        {"by": cell.name, "what": cell.what, "clients": cell.clients, "p50_ms": round(_p50(found) * 1e3, 2)}
        | {"p99_ms": round(_p99(found) * 1e3, 2), "per_second": round(_rate(found), 1)}
        for cell, found in runs.items()
    ]


def _as_json(runs: Runs, goals: Sequence[Goal]) -> dict[str, object]:
    judged = [
        {"goal": goal.text, "value": round(goal.value, 3), "limit": goal.limit}
        | {"side": "at most" if goal.at_most else "at least", "met": goal.met}
        for goal in goals
    ]
    return {"benchmark": "api", "host": {"cpus": os.cpu_count()}, "rows": _rows(runs), "goals": judged}


def _show(runs: Runs, goals: Sequence[Goal]) -> None:
    console = Console()
    table = Table(title=f"The API's answers, {os.cpu_count()} cores")
    for head in ("", "", "clients", "p50 ms", "p99 ms", "a second"):
        table.add_column(head, justify="right" if head else "left")
    for row in _rows(runs):
        table.add_row(*(str(value) for value in row.values()))
    console.print(table)
    for goal in goals:
        side = "at most" if goal.at_most else "at least"
        console.print(f"{'met' if goal.met else 'MISSED':6}  {goal.text}: {goal.value:.2f} ({side} {goal.limit:g})")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
