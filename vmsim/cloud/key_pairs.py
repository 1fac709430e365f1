"""SSH key pairs of a region. The private half leaves once, at creation, and is not kept.

The home's own key is different: its private half lies in the home (0600), so that `vmsim ssh` gets in by itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from itertools import chain, count

from sqlalchemy import Connection

from vmsim.cloud.context import Cloud
from vmsim.cloud.query import Filter, Filters, Page, conditions, project_numbers
from vmsim.host import ssh
from vmsim.model import ids as model_ids
from vmsim.model.errors import InUse, Missing, NotFound, OutOfResources, Refused, UsageError
from vmsim.model.key_pair import KeyPair
from vmsim.model.lifecycle import Verb
from vmsim.store import key_pairs, operations
from vmsim.store.schema import key_pairs as table

MOST_KEYS = 100
LONGEST_NAME = 25
LONGEST_DESCRIPTION = 60
DEFAULT_NAME = "vmsim"
KEY_TYPES = ("ssh-rsa", "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")


def create(
    cloud: Cloud,
    region: str,
    name: str,
    project_id: int = 0,
    tags: dict[str, str] | None = None,
    kind: str = "rsa",
) -> tuple[KeyPair, str]:
    """A new pair ("rsa" as the cloud makes it, or "ed25519") and, this once, its private half (PEM)."""
    _check_name(name)
    made = ssh.generate_key() if kind == "ed25519" else ssh.generate_rsa_key()
    return _add(cloud, region, name, made.public, project_id, tags or {}), made.private


def import_public(
    cloud: Cloud, region: str, name: str, public_key: str, project_id: int = 0, tags: dict[str, str] | None = None
) -> KeyPair:
    """A pair whose private half the caller keeps. RSA, ed25519 or ECDSA."""
    _check_name(name)
    return _add(cloud, region, name, _checked_public(public_key), project_id, tags or {})


def query(
    cloud: Cloud,
    region: str | None,
    ids: Sequence[str] = (),
    filters: Sequence[Filter] = (),
    offset: int = 0,
    limit: int | None = 20,
) -> Page[KeyPair]:
    named = [model_ids.check("skey", one) for one in ids]
    matching = conditions(table, _FILTERS, region, named, filters)
    with cloud.store.reading() as connection:
        total = key_pairs.count(connection, *matching)
        return Page(total, tuple(key_pairs.where(connection, *matching, offset=offset, limit=limit)))


def get(cloud: Cloud, region: str | None, ident: str) -> KeyPair:
    """By id, or by a name that only one key pair has."""
    meant = [table.c.id == ident if ident.startswith("skey-") else table.c.name == ident]
    if region is not None:
        meant.append(table.c.region == region)
    with cloud.store.reading() as connection:
        found = key_pairs.where(connection, *meant)
    if not found:
        raise NotFound("key pair", ident, hint="`vmsim key list` shows them.", code="InvalidKeyPairId.NotFound")
    if len(found) > 1:
        raise Refused(f"{len(found)} key pairs are named {ident}: {', '.join(one.id for one in found)}.")
    return found[0]


def modify(cloud: Cloud, region: str, ident: str, *, name: str | None, description: str | None) -> None:
    """Another name, another description; None leaves it as it is."""
    if name is None and description is None:
        raise Missing("Neither a name nor a description is given.", code="MissingParameter")
    if name is not None:
        _check_name(name)
    if description is not None and len(description) > LONGEST_DESCRIPTION:
        raise UsageError(
            f"A key pair's description has at most {LONGEST_DESCRIPTION} characters.", code="InvalidParameterValue"
        )
    model_ids.check("skey", ident)
    with cloud.store.writing() as connection:
        require(connection, region, [ident])
        others = (table.c.region == region, table.c.name == name, table.c.id != ident)
        if name is not None and key_pairs.count(connection, *others):
            raise Refused(f"There is a key pair {name} already.", code="InvalidKeyPairName.Duplicate")
        given = {"name": name, "description": description}
        key_pairs.change(connection, ident, **{key: value for key, value in given.items() if value is not None})
    cloud.news.ring()


def delete(cloud: Cloud, region: str, ids: Sequence[str]) -> None:
    """All or none; a key that an instance still has stays."""
    wanted = [model_ids.check("skey", one) for one in dict.fromkeys(ids)]
    with cloud.store.writing() as connection:
        for key in require(connection, region, wanted):
            users = key.instance_ids or _about_to_have(connection, key.id)
            if users:
                raise InUse(
                    f"Key pair {key.id} is bound to {', '.join(users)}.",
                    hint="Unbind it first.",
                    code="InvalidParameterValue.KeyPairNotSupported",
                )
            key_pairs.remove(connection, key.id)
    cloud.news.ring()


def _about_to_have(connection: Connection, key_id: str) -> list[str]:
    """Instances to which it is being bound just now."""
    return [
        one.instance_id
        for one in operations.unsettled(connection)
        if one.verb in (Verb.ASSOCIATE_KEYS, Verb.REINSTALL) and key_id in one.arguments["key_ids"]
    ]


def require(connection: Connection, region: str, ids: Sequence[str]) -> list[KeyPair]:
    """The key pairs of these ids. Raises NotFound for the first that is not there."""
    found = key_pairs.by_ids(connection, region, ids)
    for one in ids:
        if one not in found:
            raise NotFound("key pair", one, code="InvalidKeyPairId.NotFound")
    return [found[one] for one in ids]


def public_lines(cloud: Cloud, region: str, ids: Sequence[str]) -> list[str]:
    """What goes into authorized_keys, each line with its key's id as comment."""
    with cloud.store.reading() as connection:
        return [f"{' '.join(key.public_key.split()[:2])} {key.id}" for key in require(connection, region, ids)]


def default(cloud: Cloud, connection: Connection, region: str) -> KeyPair:
    """The home's own key in this region, made at its first use."""
    found = key_pairs.where(connection, table.c.region == region, table.c.default)
    if found:
        return found[0]
    key = KeyPair(
        id=model_ids.new("skey"),
        region=region,
        name=_free_name(connection, region),
        public_key=_own_public_key(cloud),
        project_id=0,
        description="this home's own key",
        created=cloud.clock.now(),
        tags={},
        default=True,
    )
    key_pairs.add(connection, key)
    return key


def _free_name(connection: Connection, region: str) -> str:
    """A user may have called a key of their own so."""
    taken = {key.name for key in key_pairs.where(connection, table.c.region == region)}
    names = chain([DEFAULT_NAME], (f"{DEFAULT_NAME}_{number}" for number in count(2)))
    return next(name for name in names if name not in taken)


def _own_public_key(cloud: Cloud) -> str:
    """The private half is written first and complete, so that a public half never stands alone."""
    folder = cloud.home.keys
    private, public = folder / "id_ed25519", folder / "id_ed25519.pub"
    if public.exists() and private.exists():
        return public.read_text().strip()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = ssh.generate_key("vmsim")
    for path, text, mode in ((private, made.private, 0o600), (public, made.public + "\n", 0o644)):
        temporary = path.with_suffix(".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        temporary.replace(path)
    return made.public


def _add(cloud: Cloud, region: str, name: str, public: str, project_id: int, tags: dict[str, str]) -> KeyPair:
    ident = model_ids.new("skey")
    key = KeyPair(
        ident, region, name, f"{' '.join(public.split()[:2])} {ident}", project_id, "", cloud.clock.now(), tags
    )
    with cloud.store.writing() as connection:
        if key_pairs.count(connection, table.c.region == region) >= MOST_KEYS:
            raise OutOfResources(f"A region holds at most {MOST_KEYS} key pairs.", code="InvalidKeyPair.LimitExceeded")
        if key_pairs.count(connection, table.c.region == region, table.c.name == name):
            raise Refused(f"There is a key pair {name} already.", code="InvalidKeyPairName.Duplicate")
        key_pairs.add(connection, key)
    cloud.news.ring()
    return key


def _check_name(name: str) -> None:
    if not name:
        raise Missing("The name of the key pair is empty.", code="InvalidKeyPairNameEmpty")
    if len(name) > LONGEST_NAME:
        raise UsageError(f"A key pair's name has at most {LONGEST_NAME} characters.", code="InvalidKeyPairNameTooLong")
    if not re.fullmatch(r"[0-9A-Za-z_]+", name):
        raise UsageError(
            f"{name!r}: a key pair's name has letters, digits and underscores only.",
            code="InvalidKeyPairNameIncludeIllegalChar",
        )


def _checked_public(line: str) -> str:
    parts = line.split()
    if len(parts) < 2 or parts[0] not in KEY_TYPES or not ssh.is_public_key(line):
        raise UsageError(
            "This is not an OpenSSH public key.",
            hint=f"One line, beginning with one of {', '.join(KEY_TYPES)}.",
            code="InvalidPublicKey.Malformed",
        )
    return line.strip()


_FILTERS: Filters = {
    "key-name": table.c.name.in_,
    "project-id": lambda values: table.c.project_id.in_(project_numbers(values)),
}
