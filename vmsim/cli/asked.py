"""One operation or job that was asked for: followed to its end, or named for those who do not wait."""

from __future__ import annotations

from typing import Any

import click

from vmsim.cli import follow, output
from vmsim.client import Client


def tell(client: Client, reply: dict[str, Any], label: str, done: str, *, wait: bool, form: str) -> None:
    """`reply` holds the `operation` or the `job`. Prints a line or JSON; raises what the work failed with."""
    kind = "operation" if "operation" in reply else "job"
    if wait:
        work = follow.operation if kind == "operation" else follow.job
        (ended,) = follow.side_by_side([follow.Job(label, lambda show: work(client, reply[kind], show))])
        if ended.error is not None:
            raise ended.error
        reply = {**reply, kind: ended.value}
    if form == "json":
        output.print_json(reply)
    elif wait:
        click.echo(f"{label}: {done} ({ended.seconds:.1f} s)")
    else:
        click.echo(f"{label}: asked for ({kind} {reply[kind]['id']})")
