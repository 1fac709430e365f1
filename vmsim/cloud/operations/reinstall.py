"""Reinstall: a fresh clone of an image takes the system disk's place. Data disks, addresses and ids stay.

    recover    what an edit of the old disk left is finished: it must not be committed into the new one
    clone      DISK.new, a linked clone of the image                  crash: begun anew
    edit       name, host key, login in the clone                     crash: the same
    swap       DISK.new is renamed DISK                               before it the old system, after it the new one
    then what is true of the new system is recorded, and it is started

Killed between `swap` and the record, the next daemon makes yet another clone: a system that has never run is no loss.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from vmsim.cloud import arguments, capacity, images, launch_form, login, names
from vmsim.cloud import key_pairs as pairs
from vmsim.cloud.context import Cloud
from vmsim.cloud.first_boot import first_edits
from vmsim.cloud.operations import offline
from vmsim.cloud.state import Outcome
from vmsim.cloud.work import Work
from vmsim.host import qcow2, ssh
from vmsim.host.guest_disk import atomic
from vmsim.host.guest_disk.edits import HostKey
from vmsim.model.errors import NotFound, Refused, UsageError
from vmsim.model.image import Image, ImageState
from vmsim.model.instance import Instance
from vmsim.model.launch import LaunchRequest
from vmsim.model.lifecycle import InstanceState
from vmsim.store import disks
from vmsim.store import images as store_images

_LOGIN = ("password", "key_ids", "keep_image_login", "default_key")


def prepare(cloud: Cloud, given: dict[str, Any]) -> dict[str, Any]:
    """`image` "" is the present one, `size_gib` 0 the present size; a host name or user data of None stays."""
    arguments.known(given, "image", "size_gib", "host_name", "user_data", *_LOGIN)
    chosen = login.planned(_login_request(given))
    if given.get("host_name") is not None:
        names.check_host_name(arguments.text(given, "host_name"))
    launch_form.check_user_data(given.get("user_data") or "")
    return {
        "image_id": images.get(cloud, given["image"]).id if given.get("image") else "",
        "size_gib": arguments.whole(given, "size_gib") if given.get("size_gib") else 0,
        "host_name": given.get("host_name"),
        "user_data": given.get("user_data"),
        "key_ids": list(chosen.key_ids),
        "password_hash": chosen.password_hash,
        "password_shown": chosen.shown,
        "default_key": bool(given.get("default_key")),
    }


def check(cloud: Cloud, connection: Connection, instance: Instance, given: dict[str, Any]) -> dict[str, Any]:
    image = _image(connection, instance, given["image_id"] or instance.image_id)
    size = given["size_gib"] or instance.system_disk.size_gib
    least = max(instance.system_disk.size_gib, image.size_gib)
    if not least <= size <= launch_form.MOST_DISK_GIB:
        raise UsageError(
            f"The system disk of {instance.id} must have {least} to {launch_form.MOST_DISK_GIB} GiB for image "
            f"{image.name}, not {size}.",
            code="InvalidParameterValue",
        )
    chosen = login.Login(tuple(given["key_ids"]), given["password_hash"], given["password_shown"])
    chosen = login.with_default_key(cloud, connection, chosen, instance.region, _login_request(given))
    pairs.require(connection, instance.region, chosen.key_ids)
    capacity.check_disk(cloud, capacity.WRITTEN_BY_LAUNCH)
    if instance.state is InstanceState.STOPPED:
        capacity.check_memory(connection, instance.memory_mib, apart_from=[instance.id])
    of_image = {"image_id": image.id, "image_name": image.name, "login_user": image.login_user}
    return {**given, **of_image, "size_gib": size, "key_ids": list(chosen.key_ids)}


def _login_request(given: dict[str, Any]) -> LaunchRequest:
    """The login of a new system is asked for as at a launch."""
    asked = {name: given[name] for name in _LOGIN if given.get(name)}
    if "key_ids" in asked:
        asked["key_ids"] = arguments.names(asked, "key_ids")
    return LaunchRequest(region="", **asked)


def _image(connection: Connection, instance: Instance, image_id: str) -> Image:
    found = {image.id: image for image in store_images.all_of(connection)}.get(image_id)
    if found is None or found.region not in ("", instance.region):
        raise NotFound("image", image_id, code="InvalidImageId.NotFound")
    if found.state is not ImageState.NORMAL:
        raise Refused(f"Image {image_id} is {found.state.value}.", code="InvalidParameterValue.InvalidImageState")
    if found.memory_mib > instance.memory_mib:
        raise UsageError(
            f"Image {found.name} needs {found.memory_mib} MiB; {instance.id} has {instance.memory_mib} MiB.",
            code="InvalidParameterValue.InvalidImageForGivenInstanceType",
        )
    return found


def perform(work: Work) -> Outcome:
    outcome = offline.perform(work, lambda old: _replace(work, old), power_on_after=True, passage=offline.REBOOT)
    return replace(outcome, reason="reinstalled") if outcome.success else outcome


def _replace(work: Work, old: Instance) -> dict[str, Any]:
    given = work.record.arguments
    # By its file: the image may have been deleted since this was accepted, and its file waits for us (`image_removal`).
    image = images.file_of(work.cloud, given["image_id"])
    key = ssh.generate_key()
    changes = _changes(old, given, key.public)
    new = replace(old, **changes)
    disk = Path(old.system_disk.path)
    work.step("recover", "looking after the disk")
    atomic.recover(disk)
    qcow2.refuse_if_held(disk)
    clone = disk.with_name(disk.name + ".new")
    try:
        work.step("clone", f"cloning the image {given.get('image_name', image.stem)}")
        clone.unlink(missing_ok=True)
        qcow2.create_overlay(clone, image, given["size_gib"] * 2**30)
        work.step("edit", "writing name, keys and login to the disk")
        atomic.edit_new(clone, first_edits(work.cloud, new, HostKey(key.private, key.public)))
        work.step("swap", "replacing the system disk")
        clone.rename(disk)
    finally:
        clone.unlink(missing_ok=True)
    qcow2.sync(disk.parent)
    with work.cloud.store.writing() as connection:
        disks.change(connection, old.system_disk.id, size_gib=given["size_gib"])
    return changes


def _changes(old: Instance, given: dict[str, Any], host_key: str) -> dict[str, Any]:
    """What is true of the new system."""
    return {
        "image_id": given["image_id"],
        "login_user": given.get("login_user", old.login_user),
        "key_ids": tuple(given["key_ids"]),
        "password": given["password_shown"],
        "password_hash": given["password_hash"],
        "host_name": old.host_name if given["host_name"] is None else given["host_name"],
        "user_data": old.user_data if given["user_data"] is None else given["user_data"],
        "host_key": host_key,
        "pending_host_name": False,
    }
