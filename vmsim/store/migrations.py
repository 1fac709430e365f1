"""Bringing a database file to the schema's version.

The version is SQLite's own `user_version`. A new file gets today's schema; an older one runs through the steps between,
each in one transaction, after a copy of the file was kept beside it (`vmsim.db.before-3`). A newer one is refused: an
older vmsim must not write into it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import cache
from pathlib import Path

from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from vmsim.model.errors import HostError
from vmsim.store import schema, to_2, to_3

Step = Callable[[sqlite3.Connection], None]
STEPS: Mapping[int, Step] = {1: to_2.step, 2: to_3.step}
"""Version to come from → what turns it into the next one. A step must not commit (no `executescript`)."""


def bring_up_to_date(path: Path, steps: Mapping[int, Step] = STEPS, newest: int = schema.VERSION) -> None:
    """Make or upgrade the file. Raises HostError when it is newer than this vmsim, or no database of ours."""
    _touch(path)
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
        try:
            version = _version(connection)
        except sqlite3.DatabaseError as error:
            raise _not_ours(path, str(error)) from error
        if version == 0:
            version = _create(path, connection)
        if version > newest:
            raise HostError(
                f"{path} was written by a newer vmsim (version {version}, this one knows {newest}).",
                hint="Use that vmsim, or another VMSIM_HOME.",
            )
        for current in range(version, newest):
            _keep_copy(connection, path.with_name(f"{path.name}.before-{current + 1}"))
            _in_one_transaction(connection, steps[current], current + 1)


def _not_ours(path: Path, why: str) -> HostError:
    return HostError(f"{path} is not a vmsim database: {why}.", hint="Move it away, or restore a copy.")


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _create(path: Path, connection: sqlite3.Connection) -> int:
    """Tables and version in one transaction: killed in the middle, the file is as empty as before."""
    found = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    if found:
        raise _not_ours(path, f"it has no version, but holds {min(found)}")
    _in_one_transaction(connection, _make_tables, schema.VERSION)
    return schema.VERSION


def _make_tables(connection: sqlite3.Connection) -> None:
    for statement in _statements():
        connection.execute(statement)


@cache
def _statements() -> tuple[str, ...]:
    """Today's schema. Tests make a thousand databases, and writing the statements takes longer than executing them."""
    dialect = sqlite.dialect()
    made: list[str] = []
    for table in schema.metadata.sorted_tables:
        made.append(str(CreateTable(table).compile(dialect=dialect)))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            made.append(str(CreateIndex(index).compile(dialect=dialect)))
    return tuple(made)


def _in_one_transaction(connection: sqlite3.Connection, step: Step, version: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        step(connection)
        connection.execute(f"PRAGMA user_version = {version}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _keep_copy(connection: sqlite3.Connection, copy: Path) -> None:
    _touch(copy)
    with closing(sqlite3.connect(copy)) as target:
        connection.backup(target)


def _touch(path: Path) -> None:
    """Secrets will be in it: nobody else may read it from its first moment. The WAL takes over the file's mode."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
