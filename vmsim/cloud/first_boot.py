"""What a fresh clone of an image is told before its first boot, so that nothing in it is another guest's."""

from __future__ import annotations

import base64
import json

from vmsim.cloud import key_pairs
from vmsim.cloud.context import Cloud
from vmsim.host.guest_disk.edits import OWN_MACHINE_ID, Edits, HostKey
from vmsim.model.instance import Instance


def first_edits(cloud: Cloud, instance: Instance, host_key: HostKey) -> Edits:
    """Name, keys and login as recorded. With neither key nor password the image's own login stays."""
    lines = key_pairs.public_lines(cloud, instance.region, instance.key_ids)
    keep_login = not instance.key_ids and instance.password_hash is None
    return Edits(
        host_name=instance.host_name,
        machine_id=OWN_MACHINE_ID,
        host_key=host_key,
        password=(instance.login_user, instance.password_hash) if instance.password_hash else None,
        authorized_keys=None if keep_login else (instance.login_user, tuple(lines)),
        password_login=None if keep_login else not instance.key_ids,
        user_data=base64.b64decode(instance.user_data) if instance.user_data else b"",
        meta_data=meta_data(instance, instance.host_name),
    )


def host_name_edits(instance: Instance, host_name: str) -> Edits:
    """Another host name; the seed says it too, or cloud-init would put the old one back."""
    return Edits(host_name=host_name, meta_data=meta_data(instance, host_name))


def meta_data(instance: Instance, host_name: str) -> bytes:
    """The seed's own: the same instance-id, so that what is done once per instance is not done again."""
    return json.dumps({"instance-id": instance.id, "local-hostname": host_name}).encode()
