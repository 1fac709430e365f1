"""From the accepted launch until SSH answers on the public address, split by phase.

Beside it the same guest on libvirt's own default network, made by a program that does only what must be done (bare.py).
In turn (A B A B …), each in a lab of its own. Progress goes to standard error. Exits with 1 when the goal is missed or
something fails, with 2 for a wrong command line.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from labs import bare_lab, lab
from report import Goal
from rich.console import Console
from rich.table import Table

from vmsim.client import Client
from vmsim.cloud import images
from vmsim.host import command
from vmsim.lab.lab import Lab
from vmsim.model.errors import OperationFailed, UsageError, VmsimError

RATIO = 1.10
TOTAL = "accepted → SSH on the public address"
PHASES = ("machine is made", "kernel", "address", "SSH says the API", "SSH on the public address")
SETTLE = 1.0
# Asked without pause, as bare.py asks; the clock is the machine's own, the same inside and outside.
_KNOCK = """
import socket, sys, time
while True:
    try:
        with socket.create_connection((sys.argv[1], 22), timeout=0.5) as connection:
            if connection.recv(4) == b"SSH-":
                break
    except OSError:
        time.sleep(0.005)
print(time.monotonic())
"""


def main(argv: Sequence[str]) -> int:
    asked = _arguments(argv)
    try:
        ours, bare = _measure(asked.runs)
    except VmsimError as error:
        _say(f"{error.message} {error.hint}".strip())
        return 1
    goal = Goal("vmsim's, in terms of libvirt's default network", median(ours[TOTAL]) / median(bare), RATIO)
    if asked.output == "json":
        print(json.dumps(_as_json(ours, bare, goal), indent=2, ensure_ascii=False))
    else:
        _show(ours, bare, goal)
    return 0 if goal.met else 1


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench network", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="rounds (default 5)")
    parser.add_argument("--output", choices=("table", "json"), default="table")
    asked = parser.parse_args(argv)
    if asked.runs < 1:
        parser.error("--runs must be at least 1")
    return asked


def _measure(rounds: int) -> tuple[dict[str, list[float]], list[float]]:
    image = images.cached(images.TINY)
    if not image.exists():
        raise UsageError("The tiny image has not been built.", hint="`vmsim image build tiny` makes it.")
    if command.find("iptables") is None:
        raise UsageError("libvirt's default network needs iptables.", hint="sudo apt-get install iptables")
    _say("starting the labs")
    ours: dict[str, list[float]] = {}
    bare: list[float] = []
    with (
        tempfile.TemporaryDirectory(prefix="vmsim-bench-") as folder,
        lab(Path(folder, "vmsim")) as product,
        bare_lab(Path(folder, "bare"), image, "default") as default,
    ):
        for number in range(1, rounds + 1):
            for phase, seconds in _launched(product).items():
                ours.setdefault(phase, []).append(seconds)
            bare.append(_bare_launched(Client(default.home.api_socket)))
            _say(f"round {number} of {rounds}  vmsim {ours[TOTAL][-1]:.2f} s  default network {bare[-1]:.2f} s")
    return ours, bare


def _bare_launched(client: Client) -> float:
    try:
        return float(client.post("/launch")["seconds"])
    finally:
        client.post("/remove")


def _launched(product: Lab) -> dict[str, float]:
    """Seconds from the answer to the request until each phase was over."""
    client = Client(product.home.api_socket)
    made = client.post("/v1/instances", {"bandwidth_out": 100})
    accepted = time.monotonic()
    ident, operation = made["instances"][0]["id"], made["operations"][0]["id"]
    path = f"/v1/instances/{ident}"
    try:
        address = client.get(path)["instance"]["public_ip"]
        knock = command.start(product.enter([sys.executable, "-c", _KNOCK, address]), stdout=subprocess.PIPE)
        reached = {"machine is made": _settled(client, operation)}
        for line in client.stream(f"{path}/readiness"):
            reached.setdefault(line["rung"], time.monotonic())
        said, _ = knock.communicate(timeout=60)
        public = float(said)
        time.sleep(SETTLE)
    finally:
        _remove(client, path)
    # A rung that a guest was found to have passed is not told.
    answers = reached.get("SSH") or reached["LOGIN"]
    address_at = reached.get("ADDRESS", answers)
    phases = {
        "machine is made": reached["machine is made"],
        "kernel": reached.get("KERNEL", address_at),
        "address": address_at,
        "SSH says the API": answers,
        "SSH on the public address": public,
        TOTAL: public,
    }
    return {name: at - accepted for name, at in phases.items()}


def _settled(client: Client, operation: str) -> float:
    record: dict[str, Any] = {}
    for line in client.stream(f"/v1/operations/{operation}/follow"):
        record = line
    if record.get("state") != "SUCCESS":
        raise OperationFailed(f"The launch failed: {record.get('error')}")
    return time.monotonic()


def _remove(client: Client, path: str) -> None:
    asked = client.post(f"{path}/operations", {"verb": "terminate", "arguments": {}, "force": False})
    for _ in client.stream(f"/v1/operations/{asked['operation']['id']}/follow"):
        pass


def _as_json(ours: Mapping[str, Sequence[float]], bare: Sequence[float], goal: Goal) -> dict[str, Any]:
    rows = [{"by": "vmsim", "measure": name, **_figures(seconds)} for name, seconds in ours.items()]
    rows.append({"by": "libvirt's default network", "measure": TOTAL, **_figures(bare)})
    judged = {"goal": goal.text, "value": round(goal.value, 3), "limit": goal.limit, "met": goal.met}
    return {"benchmark": "network", "host": {"cpus": os.cpu_count()}, "rows": rows, "goals": [judged]}


def _figures(seconds: Sequence[float]) -> dict[str, Any]:
    runs = [round(one, 3) for one in seconds]
    return {"median": round(median(seconds), 3), "min": min(runs), "runs": runs}


def _show(ours: Mapping[str, Sequence[float]], bare: Sequence[float], goal: Goal) -> None:
    table = Table(title="Seconds since the launch was accepted, median (least)")
    for title in ("until", "vmsim", "libvirt's default network"):
        table.add_column(title, justify="left" if title == "until" else "right")
    for name in PHASES:
        last = name == PHASES[-1]
        table.add_row(name, _cell(ours[name]), _cell(bare) if last else "")
    console = Console()
    console.print(table)
    console.print(f"{'met' if goal.met else 'MISSED':6}  {goal.text}: {goal.value:.2f} (at most {goal.limit:g})")


def _cell(seconds: Sequence[float]) -> str:
    return f"{median(seconds):.2f} ({min(seconds):.2f})"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
