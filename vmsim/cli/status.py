"""`vmsim status`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from vmsim.cli import output
from vmsim.cli.session import Session, pass_session
from vmsim.cli.up import url
from vmsim.lab.lab import Lab, LabStatus
from vmsim.model.errors import VmsimError


@click.command("status")
@output.output_option
@pass_session
def command(session: Session, form: str) -> None:
    """Show how the lab is.

    Starts nothing. Exit code 1 when the lab does not run.
    """
    status = Lab(session.home, session.settings).status()
    daemon = _daemon(session) if status.running else {}
    if form == "json":
        output.print_json({"home": str(session.home.root), "lab": asdict(status), "daemon": daemon})
    else:
        output.print_facts([("home", session.home.root), *_lab(status), *_flat(daemon)])
    raise click.exceptions.Exit(0 if status.running else 1)


def _lab(status: LabStatus) -> list[tuple[str, object]]:
    if not status.running:
        return [("lab", "not running")]
    since = datetime.fromtimestamp(status.since).astimezone()
    return [("lab", f"running since {since:%Y-%m-%d %H:%M:%S} (pid {status.pid})"), ("address", url(status))]


def _daemon(session: Session) -> dict[str, Any]:
    try:
        found: dict[str, Any] = session.idle_client.get("/v1/status")
    except VmsimError as error:
        return {"daemon": f"does not answer: {error.message}"}
    return found


def _flat(found: dict[str, Any]) -> list[tuple[str, object]]:
    """Nested figures as one line each."""
    rows: list[tuple[str, object]] = []
    for name, value in found.items():
        words = name.replace("_", " ")
        if isinstance(value, dict):
            rows.append((words, ", ".join(f"{key.replace('_', ' ')} {item}" for key, item in value.items())))
        elif isinstance(value, list):
            rows.append((words, "\n".join(map(str, value))))
        else:
            rows.append((words, value))
    return rows
