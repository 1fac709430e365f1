"""`vmsim status`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from vmsim.cli import output
from vmsim.cli.session import Session, pass_session
from vmsim.cli.up import url
from vmsim.lab import outside
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
    way_out = (outside.status(session.home).get("way_out") or "unknown: the broker is away") if status.running else ""
    daemon = _daemon(session) if status.running else {}
    if form == "json":
        lab = {**asdict(status), "since": _since(status).isoformat() if status.running else ""}
        output.print_json({"home": str(session.home.root), "lab": lab, "internet": way_out, "daemon": daemon})
    else:
        output.print_facts([("home", session.home.root), *_lab(status), ("internet", way_out), *_facts(daemon)])
    raise click.exceptions.Exit(0 if status.running else 1)


def _lab(status: LabStatus) -> list[tuple[str, object]]:
    if not status.running:
        return [("lab", "not running")]
    return [("lab", f"running since {_since(status):%Y-%m-%d %H:%M:%S} (pid {status.pid})"), ("address", url(status))]


def _since(status: LabStatus) -> datetime:
    return datetime.fromtimestamp(status.since).astimezone()


def _daemon(session: Session) -> dict[str, Any]:
    try:
        found: dict[str, Any] = session.idle_client.get("/v1/status")
    except VmsimError as error:
        return {"daemon": f"does not answer: {error.message}"}
    return found


def _facts(daemon: dict[str, Any]) -> list[tuple[str, object]]:
    """What the daemon says, in words; one that does not answer says only that."""
    if "version" not in daemon:
        return list(daemon.items())
    promised, total, free = (daemon[name] for name in ("promised_memory_mib", "memory_mib", "memory_available_mib"))
    counts = ", ".join(f"{count} {state}" for state, count in daemon["instances"].items())
    return [
        ("version", daemon["version"]),
        ("instances", counts or "none"),
        ("memory", f"{_mib(promised)} promised to guests; {_mib(free)} of {_mib(total)} available"),
        ("disk", f"{output.size(daemon['disk_free_bytes'])} free"),
        ("accelerator", f"{daemon['accelerator']['accelerator']}: {daemon['accelerator']['reason']}"),
        ("libvirt", "connected" if daemon["connected"] else "not connected; trying again"),
    ]


def _mib(mib: int) -> str:
    return output.size(mib * 2**20)
