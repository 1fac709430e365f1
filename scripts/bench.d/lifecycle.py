"""Who brings a guest through its life how fast, in turn (A B A B …), so that what else the machine does meets all.

Every contestant has a lab of its own, and all labs are there all the time. Progress goes to standard error. Exits with
1 when a goal is missed or something fails, with 2 for a wrong command line.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import report
from contestant import Contestant
from customize import Customize
from floor import Floor
from kcli import Kcli
from labs import bare_lab, lab
from product import Product

from vmsim.client import Client
from vmsim.cloud import images
from vmsim.model.errors import UsageError, VmsimError

PEERS = ("virt-customize", "kcli")


def main(argv: Sequence[str]) -> int:
    asked = _arguments(argv)
    try:
        with tempfile.TemporaryDirectory(prefix="vmsim-bench-") as folder, ExitStack() as stack:
            contestants, host = _contestants(stack, Path(folder), asked.peers)
            runs = _measure(contestants, asked.runs)
    except VmsimError as error:
        _say(f"{error.message} {error.hint}".strip())
        return 1
    if asked.output == "json":
        print(json.dumps(report.as_json(runs, host), indent=2, ensure_ascii=False))
    else:
        report.show(runs, host)
    return 0 if all(goal.met for goal in report.goals(runs)) else 1


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench lifecycle", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="rounds (default 5)")
    parser.add_argument("--output", choices=("table", "json"), default="table")
    usual = "virt-customize" if shutil.which("virt-customize") else ""
    parser.add_argument("--peers", default=usual, help=f"of {', '.join(PEERS)} (default: {usual or 'none'})")
    asked = parser.parse_args(argv)
    asked.peers = [name for name in asked.peers.split(",") if name]
    unknown = sorted(set(asked.peers) - set(PEERS))
    if unknown or asked.runs < 1:
        parser.error(f"no peer {', '.join(unknown)}" if unknown else "--runs must be at least 1")
    return asked


def _contestants(stack: ExitStack, folder: Path, peers: Sequence[str]) -> tuple[list[Contestant], dict[str, Any]]:
    image = images.cached(images.TINY)
    if not image.exists():
        raise UsageError("The tiny image has not been built.", hint="`vmsim image build tiny` makes it.")
    _say("starting the labs")
    ours = stack.enter_context(lab(folder / "vmsim"))
    bare = stack.enter_context(bare_lab(folder / "bare", image))
    client = Client(ours.home.api_socket)
    accelerator = client.get("/v1/status")["accelerator"]["accelerator"]
    found: list[Contestant] = [Product(client), Floor(Client(bare.home.api_socket))]
    if "virt-customize" in peers:
        found.append(Customize(ours, image, kvm=accelerator == "kvm"))
    if "kcli" in peers:
        found.append(Kcli(bare, Client(bare.home.api_socket), image, kvm=accelerator == "kvm"))
    return found, {"image": images.TINY, "accelerator": accelerator, "cpus": os.cpu_count()}


def _measure(contestants: Sequence[Contestant], rounds: int) -> dict[str, dict[str, list[float]]]:
    runs: dict[str, dict[str, list[float]]] = {one.name: {} for one in contestants}
    for number in range(1, rounds + 1):
        for one in contestants:
            for measure, seconds in one.round():
                _say(f"round {number} of {rounds}  {one.name:14}  {measure:24} {seconds:7.2f} s")
                runs[one.name].setdefault(measure, []).append(seconds)
    return runs


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
