"""Tags as the Tag service changes them: the same rows that describing instances, disks and keys shows.

Whether the resource is there is asked inside the transaction that writes: nothing that has just gone gets a tag.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from sqlalchemy import Connection

from vmsim.cloud import events
from vmsim.cloud.context import Cloud
from vmsim.cloud.query import Page
from vmsim.model import tag
from vmsim.model.errors import InUse, NotFound, Refused
from vmsim.model.resource import Resource, ResourceKind
from vmsim.store import tags
from vmsim.store.tags import Bound, Which

__all__ = ["Bound", "Which"]

Change = Callable[[Resource, dict[str, str]], dict[str, str]]
"""What a resource's tags become; it may refuse."""


def change(cloud: Cloud, resources: Sequence[Resource], become: Change) -> None:
    """All of them or, when one is refused, none."""
    with cloud.store.writing() as connection:
        for resource in resources:
            _change(cloud, connection, resource, become)
    cloud.news.ring()


def added(new: Mapping[str, str]) -> Change:
    """With these; a key that is there gets the new value."""
    for key, value in new.items():
        tag.check_new(key, value)
    return lambda _, before: {**before, **new}


def replaced(new: Mapping[str, str], gone: Collection[str]) -> Change:
    """With these and without those keys, whether they are there or not."""
    for key in gone:
        tag.check_key(key)
    add = added(new)
    return lambda resource, before: {key: value for key, value in add(resource, before).items() if key not in gone}


def attached(key: str, value: str) -> Change:
    """With one more key. Refused where the key is there."""
    add = added({key: value})

    def become(resource: Resource, before: dict[str, str]) -> dict[str, str]:
        if key in before:
            raise InUse(f"{resource.id} has a tag {key} already.", code="ResourceInUse.TagKeyAttached")
        return add(resource, before)

    return become


def revalued(key: str, value: str) -> Change:
    """With another value of a key that must be there."""
    add = added({key: value})

    def become(resource: Resource, before: dict[str, str]) -> dict[str, str]:
        _must_have(resource, before, key)
        return add(resource, before)

    return become


def detached(key: str) -> Change:
    """Without a key that must be there."""
    tag.check_key(key)

    def become(resource: Resource, before: dict[str, str]) -> dict[str, str]:
        _must_have(resource, before, key)
        return {name: value for name, value in before.items() if name != key}

    return become


def create(cloud: Cloud, new: Sequence[tuple[str, str]]) -> None:
    """Tags that no resource has yet."""
    for key, value in new:
        tag.check_new(key, value)
    with cloud.store.writing() as connection:
        for key, value in new:
            if tags.pairs(connection, [key], value):
                raise InUse(f"There is a tag {key}:{value} already.", code="ResourceInUse.TagDuplicate")
            tags.add_unbound(connection, key, value)


def delete(cloud: Cloud, key: str, value: str) -> None:
    """Forget a tag that no resource has."""
    tag.check_key(key)
    with cloud.store.writing() as connection:
        if not tags.pairs(connection, [key], value):
            raise NotFound("tag", f"{key}:{value}", code="ResourceNotFound.TagNonExist")
        if tags.is_bound(connection, key, value):
            raise Refused(f"Resources have the tag {key}:{value}.", code="FailedOperation.TagAttachedResource")
        tags.remove_unbound(connection, key, value)


def bound(cloud: Cloud, which: Which, offset: int = 0, limit: int | None = None) -> Page[Bound]:
    """Tags of resources."""
    with cloud.store.reading() as connection:
        return Page(tags.count(connection, which), tuple(tags.bound(connection, which, offset, limit)))


def resources(cloud: Cloud, which: Which, offset: int, limit: int | None) -> Page[tuple[Resource, dict[str, str]]]:
    """Resources that have such tags, each with all of its own."""
    with cloud.store.reading() as connection:
        found = tags.owners(connection, which, offset, limit)
        labels = tags.of(connection, [resource.id for resource in found])
        total = tags.count_owners(connection, which)
    return Page(total, tuple((resource, labels[resource.id]) for resource in found))


def pairs(
    cloud: Cloud, keys: Collection[str] = (), value: str = "", offset: int = 0, limit: int | None = None
) -> Page[tuple[str, str]]:
    """Every tag once, whether a resource has it or not."""
    with cloud.store.reading() as connection:
        total = tags.count_pairs(connection, keys, value)
        return Page(total, tuple(tags.pairs(connection, keys, value, offset, limit)))


def keys(cloud: Cloud, offset: int, limit: int) -> Page[str]:
    """Every key once."""
    with cloud.store.reading() as connection:
        return Page(tags.count_keys(connection), tuple(tags.keys_page(connection, offset, limit)))


def bound_pairs(cloud: Cloud, of: Sequence[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Those of the tags that a resource has."""
    with cloud.store.reading() as connection:
        return frozenset(pair for pair in of if tags.is_bound(connection, *pair))


def _change(cloud: Cloud, connection: Connection, resource: Resource, become: Change) -> None:
    if not tags.exists(connection, resource):
        raise NotFound(resource.kind.noun, resource.id, code="InvalidParameterValue.ResourceIdInvalid")
    before = tags.of(connection, [resource.id])[resource.id]
    after = become(resource, before)
    if after == before:
        return
    tag.check_number(after, resource.id)
    tags.put(connection, resource.id, after)
    events.record(
        cloud,
        connection,
        "request",
        f"tags of {resource.id}: {', '.join(f'{key}={value}' for key, value in sorted(after.items())) or 'none'}",
        instance_id=resource.id if resource.kind is ResourceKind.INSTANCE else "",
    )


def _must_have(resource: Resource, before: Mapping[str, str], key: str) -> None:
    if key not in before:
        raise NotFound("tag", f"{key} on {resource.id}", code="ResourceNotFound.AttachedTagKeyNotFound")
