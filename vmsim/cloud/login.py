"""How one gets into a new instance: a password of the caller's, keys, or a random password the cloud makes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from vmsim.cloud import key_pairs
from vmsim.cloud.context import Cloud
from vmsim.host import crypt_hash
from vmsim.model import ids, password
from vmsim.model.errors import UsageError
from vmsim.model.launch import LaunchRequest


@dataclass(frozen=True)
class Login:
    """`shown` is the random password, for the owner to read; one that a caller chose is never kept."""

    key_ids: tuple[str, ...] = ()
    password_hash: str | None = None
    shown: str | None = None


def planned(request: LaunchRequest) -> Login:
    """Checks the form. The default key is added later, inside the transaction."""
    given = [bool(request.password), bool(request.key_ids), request.keep_image_login]
    if sum(given) > 1:
        raise UsageError(
            "Password, keys and KeepImageLogin exclude each other.", code="InvalidParameter.ParameterConflict"
        )
    if request.password:
        password.check_creation(request.password)
        return Login(password_hash=crypt_hash.sha512_crypt(request.password))
    keys = tuple(dict.fromkeys(ids.check("skey", one) for one in request.key_ids))
    if keys or request.keep_image_login or request.default_key:
        return Login(key_ids=keys)
    made = password.random_password()
    return Login(password_hash=crypt_hash.sha512_crypt(made), shown=made)


def with_default_key(cloud: Cloud, connection: Connection, login: Login, region: str, request: LaunchRequest) -> Login:
    """The home's own key where it is wanted and nothing else was given."""
    if not request.default_key or login.key_ids or login.password_hash:
        return login
    return replace(login, key_ids=(key_pairs.default(cloud, connection, region).id,))
