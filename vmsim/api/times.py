"""Times as CVM writes them: ISO 8601 in UTC, in whole seconds."""

from __future__ import annotations

from datetime import datetime, timezone


def iso(moment: datetime) -> str:
    """For instance 2026-11-23T18:30:00Z."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
