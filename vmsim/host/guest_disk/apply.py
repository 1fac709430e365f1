"""Each edit as a change of the guest's files. Runs inside the guest's root (guest_files.py)."""

from __future__ import annotations

import re
import time

from vmsim.host.guest_disk import accounts, sshd_config
from vmsim.host.guest_disk import guest_files as files
from vmsim.host.guest_disk.edits import Edits, HostKey
from vmsim.model.errors import HostError

_SEED = "/var/lib/cloud/seed/nocloud"
_HOST_KEY = "/etc/ssh/ssh_host_ed25519_key"
_DAY = 86400


def apply(edits: Edits) -> None:
    """Everything but the size."""
    if edits.host_name is not None:
        _host_name(edits.host_name)
    if edits.machine_id is not None:
        _machine_id(edits.machine_id)
    if edits.host_key is not None:
        _host_key(edits.host_key)
    if edits.password is not None:
        _password(*edits.password)
    if edits.lock_password is not None:
        _edit_accounts(edits.lock_password, accounts.locked)
    if edits.unlock_password is not None:
        _edit_accounts(edits.unlock_password, accounts.unlocked)
    if edits.authorized_keys is not None:
        _authorized_keys(*edits.authorized_keys)
    if edits.password_login is not None:
        _password_login(edits.password_login)
    if edits.user_data is not None:
        files.write(f"{_SEED}/user-data", edits.user_data, 0o600)
    if edits.meta_data is not None:
        files.write(f"{_SEED}/meta-data", edits.meta_data, 0o600)


def demand_one_file_system(edits: Edits) -> None:
    """Where only the root is mounted, what lies elsewhere must not be written into the folder it is mounted on."""
    fstab = [line.split() for line in (files.read("/etc/fstab") or "").splitlines()]
    elsewhere = [words[1] for words in fstab if len(words) > 2 and not words[0].startswith("#") and words[1] != "/"]
    needed = ["/etc"]
    if edits.user_data is not None or edits.meta_data is not None:
        needed.append(_SEED)
    if edits.authorized_keys is not None:
        needed.append(accounts.account(_passwd(), edits.authorized_keys[0]).home)
    for path in needed:
        for mount_point in elsewhere:
            if (path + "/").startswith(mount_point.rstrip("/") + "/"):
                raise HostError(f"{path} of the guest lies on a file system of its own ({mount_point} in /etc/fstab).")


def _host_name(name: str) -> None:
    files.write("/etc/hostname", name + "\n")
    hosts = files.read("/etc/hosts")
    if hosts is not None:
        files.write("/etc/hosts", re.sub(r"(?m)^(127\.0\.1\.1[ \t]+).*$", rf"\g<1>{name}", hosts))


def _machine_id(machine_id: str) -> None:
    if machine_id or files.exists("/etc/machine-id"):
        files.write("/etc/machine-id", machine_id + "\n" if machine_id else "")
    files.remove_unless_link("/var/lib/dbus/machine-id")


def _host_key(key: HostKey) -> None:
    for old in files.matching("/etc/ssh", "ssh_host_*_key*"):
        files.remove(old)
    files.write(_HOST_KEY, key.private, 0o600)
    files.write(f"{_HOST_KEY}.pub", key.public.strip() + "\n")


def _password(user: str, crypt_hash: str) -> None:
    passwd = _passwd()
    accounts.account(passwd, user)
    shadow = files.read("/etc/shadow")
    if shadow is None:
        files.write("/etc/passwd", accounts.with_passwd_field(passwd, user, crypt_hash))
        return
    files.write("/etc/shadow", accounts.with_hash(shadow, user, crypt_hash, int(time.time()) // _DAY))
    files.write("/etc/passwd", accounts.with_passwd_field(passwd, user, "x"))


def _edit_accounts(user: str, change: accounts.Change) -> None:
    """The hash is in /etc/shadow, or in /etc/passwd of a guest that has no other."""
    accounts.account(_passwd(), user)
    for path in ("/etc/shadow", "/etc/passwd"):
        text = files.read(path)
        if text is not None and accounts.has(text, user):
            files.write(path, change(text, user))
            return


def _authorized_keys(user: str, lines: tuple[str, ...]) -> None:
    account = accounts.account(_passwd(), user)
    folder = account.home.rstrip("/") + "/.ssh"
    files.own_folder(folder, 0o700, account.uid, account.gid)
    text = "".join(line.strip() + "\n" for line in lines)
    files.replace(f"{folder}/authorized_keys", text, 0o600, account.uid, account.gid)


def _password_login(allowed: bool) -> None:
    """Our own file is written even where sshd does not read it: other servers' start scripts can (dropbear's)."""
    files.write(sshd_config.DROP_IN, sshd_config.settings(allowed))
    main = files.read("/etc/ssh/sshd_config")
    if main is None:
        return
    if sshd_config.reads_drop_in(main):
        changed = sshd_config.without_block(main)
    else:
        changed = sshd_config.with_block(main, allowed)
    if changed != main:
        files.write("/etc/ssh/sshd_config", changed)


def _passwd() -> str:
    text = files.read("/etc/passwd")
    if text is None:
        raise HostError("The guest has no /etc/passwd.")
    return text
