"""Bringing a database file to the schema's version.

The version is SQLite's own `user_version`. A new file gets today's schema; an older one runs through the steps between,
each in one transaction, after a copy of the file was kept beside it (`vmsim.db.before-3`). A newer one is refused: an
older vmsim must not write into it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from vmsim.model.errors import HostError
from vmsim.store import schema

STEPS: dict[int, Callable[[sqlite3.Connection], None]] = {}
"""Version to come from → what turns it into the next one."""


def bring_up_to_date(path: Path) -> None:
    """Make or upgrade the file. Raises HostError when it is newer than this vmsim, or no database."""
    with closing(sqlite3.connect(path, timeout=30)) as connection:
        try:
            version = _version(connection)
        except sqlite3.DatabaseError as error:
            raise HostError(
                f"{path} is not a vmsim database: {error}.", hint="Move it away, or restore a copy."
            ) from error
        if version == 0:
            _create(path, connection)
            return
        if version > schema.VERSION:
            raise HostError(
                f"{path} was written by a newer vmsim (version {version}, this one knows {schema.VERSION}).",
                hint="Use that vmsim, or another VMSIM_HOME.",
            )
        for current in range(version, schema.VERSION):
            _keep_copy(connection, path.with_name(f"{path.name}.before-{current + 1}"))
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                STEPS[current](connection)
                connection.execute(f"PRAGMA user_version = {current + 1}")


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _create(path: Path, connection: sqlite3.Connection) -> None:
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    schema.metadata.create_all(engine)
    connection.execute(f"PRAGMA user_version = {schema.VERSION}")
    connection.commit()
    path.chmod(0o600)


def _keep_copy(connection: sqlite3.Connection, copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as target:
        connection.backup(target)
    copy.chmod(0o600)
