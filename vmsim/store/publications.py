"""Published ports."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from vmsim.model.publication import Publication
from vmsim.store.schema import publications


def add(connection: Connection, publication: Publication) -> None:
    connection.execute(insert(publications).values(**vars(publication)))


def remove(connection: Connection, *conditions: ColumnElement[bool]) -> None:
    connection.execute(delete(publications).where(*conditions))


def where(connection: Connection, *conditions: ColumnElement[bool]) -> list[Publication]:
    """By address and port of the workstation."""
    order = (publications.c.address, publications.c.local_port)
    query = select(publications).where(*conditions).order_by(*order)
    return [Publication(**row) for row in connection.execute(query).mappings()]
