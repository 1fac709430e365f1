"""The tree that `http://metadata.tencentyun.com/latest/meta-data/` shows, as the cloud lays it out.

Pure: facts → tree, tree and path → text. What has no value is not there. Some texts are made when they are read,
because reading makes what they tell (a role's key).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from vmsim.model.instance import Instance

Leaf = str | bytes | Callable[[], str]
Tree = Mapping[str, "Tree | Leaf"]

VERSIONS = ("1.0", "2017-09-19", "latest")
_EC2_VERSIONS = ("2009-04-04", "2016-09-02")
"""What cloud-init asks first at 169.254.169.254; there it finds the names it knows besides the cloud's own."""
_CHINA = timezone(timedelta(hours=8))


@dataclass(frozen=True)
class Network:
    """Of the subnet that an instance is in."""

    gateway: str
    subnet_mask: str


@dataclass(frozen=True)
class Key:
    """One that opens the instance."""

    name: str
    public: str


@dataclass(frozen=True)
class Facts:
    """Who asks: a program in an instance, or one of the account outside (`instance` None)."""

    app_id: str
    region: str
    zone: str
    roles: tuple[str, ...]
    credentials: Callable[[str], str]
    """The text for a role."""
    instance: Instance | None = None
    network: Network | None = None
    keys: tuple[Key, ...] = ()


def tree(facts: Facts) -> Tree:
    """From the root: versions, and in each of them the same."""
    meta_data = _meta_data(facts)
    instance = facts.instance
    given: dict[str, Tree | Leaf] = {}
    if instance and instance.user_data:
        given["user-data"] = base64.b64decode(instance.user_data)
    plain: dict[str, Tree | Leaf] = {"meta-data": meta_data, **given}
    root: dict[str, Tree | Leaf] = dict.fromkeys(VERSIONS, plain)
    if instance:
        known: dict[str, Tree | Leaf] = {"meta-data": {**meta_data, **_as_ec2(facts, instance)}, **given}
        root |= dict.fromkeys(_EC2_VERSIONS, known)
    return {**dict(sorted(root.items())), "meta-data": meta_data}


def content(root: Tree, path: str) -> bytes | None:
    """What is at the path; a folder is the list of its names, folders among them ending with "/". None: nothing."""
    found: Tree | Leaf = root
    for name in filter(None, path.split("/")):
        if not isinstance(found, Mapping) or name not in found:
            return None
        found = found[name]
    if isinstance(found, Mapping):
        return "\n".join(name + "/" * _is_folder(root, found, name) for name in found).encode()
    if isinstance(found, bytes):
        return found
    return (found if isinstance(found, str) else found()).encode()


def _is_folder(root: Tree, folder: Tree, name: str) -> bool:
    """The root's names are shown without the mark."""
    return folder is not root and isinstance(folder[name], Mapping)


def _meta_data(facts: Facts) -> Tree:
    about = _instance(facts.instance, facts.network, facts.keys) if facts.instance else {}
    folders: dict[str, Tree | Leaf] = {
        "app-id": facts.app_id,
        "placement": {"region": facts.region, "zone": facts.zone},
    }
    if facts.roles:
        folders["cam"] = {"security-credentials": {role: _credentials(facts, role) for role in facts.roles}}
    return dict(sorted({**about, **folders}.items()))


def _credentials(facts: Facts, role: str) -> Callable[[], str]:
    return lambda: facts.credentials(role)


def _instance(instance: Instance, network: Network | None, keys: tuple[Key, ...]) -> dict[str, Tree | Leaf]:
    mac = instance.mac.upper()
    return {
        "instance-id": instance.id,
        "instance-name": instance.name,
        "uuid": instance.uuid,
        "hostname": instance.host_name,
        "local-ipv4": instance.private_ip,
        **_given("public-ipv4", instance.public_ip),
        "mac": mac,
        "network": {"interfaces": {"macs": {mac: _interface(instance, network, mac)}}},
        "payment": _payment(instance),
        **(
            {"public-keys": {str(number): {"openssh-key": key.public} for number, key in enumerate(keys)}}
            if keys
            else {}
        ),
        "instance": {
            "instance-type": instance.type_name,
            "image-id": instance.image_id,
            **_given("security-group", "\n".join(instance.security_group_ids)),
            "bandwidth-limit-egress": str(instance.bandwidth_out * 1000),
        },
        "volumes": {disk.id: {"disk-id": disk.id, "disk-size": str(disk.size_gib)} for disk in instance.disks},
    }


def _as_ec2(facts: Facts, instance: Instance) -> dict[str, Tree | Leaf]:
    return {
        "ami-id": instance.image_id,
        "instance-type": instance.type_name,
        "local-hostname": instance.host_name,
        "placement": {"availability-zone": facts.zone, "region": facts.region, "zone": facts.zone},
        "security-groups": "\n".join(instance.security_group_ids),
    }


def _interface(instance: Instance, network: Network | None, mac: str) -> Tree:
    address: dict[str, Tree | Leaf] = {
        "local-ipv4": instance.private_ip,
        **_given("public-ipv4", instance.public_ip),
        **({"public-ipv4-mode": "NAT"} if instance.public_ip else {}),
        **({"gateway": network.gateway, "subnet-mask": network.subnet_mask} if network else {}),
    }
    return {
        "mac": mac,
        "primary-local-ipv4": instance.private_ip,
        **_given("public-ipv4s", instance.public_ip),
        "vpc-id": instance.vpc_id,
        "subnet-id": instance.subnet_id,
        "local-ipv4s": {instance.private_ip: address},
    }


def _payment(instance: Instance) -> Tree:
    return {
        "charge-type": instance.charge_type,
        "create-time": _time(instance.created),
        **_given("termination-time", _time(instance.expires) if instance.expires else ""),
    }


def _given(name: str, value: str | None) -> dict[str, str]:
    return {name: value} if value else {}


def _time(moment: datetime) -> str:
    return moment.astimezone(_CHINA).strftime("%Y-%m-%d %H:%M:%S")
