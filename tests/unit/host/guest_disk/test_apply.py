"""Every edit lands in the guest's files with the right owner and mode, and touches nothing else."""

from __future__ import annotations

import time

import pytest

from vmsim.host.guest_disk.edits import OWN_MACHINE_ID, Edits, HostKey

from .small_guests import Guests

pytestmark = pytest.mark.tools


def test_all_edits_at_once(guests: Guests) -> None:
    guest = guests.make()
    done = guest.edit(
        Edits(
            host_name="new-name",
            machine_id=OWN_MACHINE_ID,
            host_key=HostKey("PRIVATE\n", "ssh-ed25519 PUBLIC"),
            password=("root", "$6$new$new"),
            lock_password="debian",
            authorized_keys=("debian", ("ssh-ed25519 NEW one", "ssh-rsa NEW two")),
            password_login=False,
            user_data=b"#!/bin/sh\n",
            meta_data=b"instance-id: ins-1\n",
        )
    )
    assert done == {"result": {"file_system": "ext4", "filled": False, "notes": []}}
    today = int(time.time()) // 86400
    read = guest.read
    assert read("/etc/hostname") == "new-name\n"
    assert read("/etc/hosts") == "127.0.0.1 localhost\n127.0.1.1\tnew-name\n"
    assert read("/etc/machine-id") == ""
    assert read("/var/lib/dbus/machine-id") is None
    assert read("/etc/ssh/ssh_host_rsa_key") is None
    assert read("/etc/ssh/ssh_host_ed25519_key") == "PRIVATE\n"
    assert read("/etc/ssh/ssh_host_ed25519_key.pub") == "ssh-ed25519 PUBLIC\n"
    assert read("/etc/shadow") in [
        f"root:$6$new$new:{day}:0:99999:7:::\ndebian:*$6$old$old:0:0:99999:7:::\n" for day in (today, today - 1)
    ]
    assert read("/home/debian/.ssh/authorized_keys") == "ssh-ed25519 NEW one\nssh-rsa NEW two\n"
    assert "PasswordAuthentication no" in str(read("/etc/ssh/sshd_config.d/00-vmsim.conf"))
    assert read("/etc/ssh/sshd_config") == "Include /etc/ssh/sshd_config.d/*.conf\nPasswordAuthentication yes\n"
    assert read("/var/lib/cloud/seed/nocloud/user-data") == "#!/bin/sh\n"
    assert read("/var/lib/cloud/seed/nocloud/meta-data") == "instance-id: ins-1\n"
    owned = {
        path: (facts.mode, facts.uid, facts.gid)
        for path in (
            "/etc/ssh/ssh_host_ed25519_key",
            "/etc/ssh/ssh_host_ed25519_key.pub",
            "/etc/ssh/sshd_config.d/00-vmsim.conf",
            "/home/debian/.ssh",
            "/home/debian/.ssh/authorized_keys",
            "/var/lib/cloud/seed",
            "/var/lib/cloud/seed/nocloud/user-data",
        )
        if (facts := guest.facts(path))
    }
    assert owned == {
        "/etc/ssh/ssh_host_ed25519_key": (0o600, 0, 0),
        "/etc/ssh/ssh_host_ed25519_key.pub": (0o644, 0, 0),
        "/etc/ssh/sshd_config.d/00-vmsim.conf": (0o644, 0, 0),
        "/home/debian/.ssh": (0o700, 1000, 1001),
        "/home/debian/.ssh/authorized_keys": (0o600, 1000, 1001),
        "/var/lib/cloud/seed": (0o755, 0, 0),
        "/var/lib/cloud/seed/nocloud/user-data": (0o600, 0, 0),
    }
    assert guest.is_whole()


def test_no_edit_changes_nothing(guests: Guests) -> None:
    guest = guests.make()
    before = guest.disk.read_bytes()
    guest.edit(Edits())
    assert guest.disk.read_bytes() == before


def test_edit_new_edits_in_place(guests: Guests) -> None:
    guest = guests.make(table="gpt")
    guest.edit_new(Edits(host_name="clone", machine_id="f" * 32))
    assert guest.read("/etc/hostname") == "clone\n"
    assert guest.read("/etc/machine-id") == "f" * 32 + "\n"
    assert guest.is_whole()


def test_links_are_followed_inside_the_guest_only(guests: Guests) -> None:
    """/root leads elsewhere by an absolute link, /etc/hostname by one that would escape if it could."""
    guest = guests.make(
        table="",
        files={"var/roothome/.profile": "", "data/name": "old\n", "etc/hostname": "", "root/.profile": ""},
    )
    guest.debugfs(
        *["rm /root/.profile", "rmdir /root", "symlink /root /var/roothome"],
        *["rm /etc/hostname", "symlink /etc/hostname ../../../../data/name"],
        write=True,
    )
    assert "error" not in guest.edit(Edits(host_name="n", authorized_keys=("root", ("ssh-ed25519 K",))))
    assert guest.read("/var/roothome/.ssh/authorized_keys") == "ssh-ed25519 K\n"
    assert guest.read("/data/name") == "n\n"
    assert guest.is_whole()


def test_a_users_link_cannot_give_him_etc(guests: Guests) -> None:
    """The editor changes owner and mode of ~/.ssh: it must be that folder, whatever its owner made of it."""
    guest = guests.make(files={"home/debian/.ssh/authorized_keys": ""})
    guest.debugfs(
        *["rm /home/debian/.ssh/authorized_keys", "rmdir /home/debian/.ssh", "symlink /home/debian/.ssh /etc"],
        write=True,
    )
    guest.edit(Edits(authorized_keys=("debian", ("ssh-ed25519 K",))))
    etc = guest.facts("/etc")
    assert etc is not None
    assert (etc.mode, etc.uid) == (0o755, 0)
    assert guest.read("/etc/authorized_keys") is None
    assert guest.read("/home/debian/.ssh/authorized_keys") == "ssh-ed25519 K\n"


def test_a_guest_without_shadow_keeps_its_hash_in_passwd(guests: Guests) -> None:
    guest = guests.make()
    guest.debugfs("rm /etc/shadow", write=True)
    guest.edit(Edits(password=("root", "$6$n$n")))
    assert str(guest.read("/etc/passwd")).startswith("root:$6$n$n:0:0:")


def test_password_login_without_include_is_decided_in_sshd_config_itself(guests: Guests) -> None:
    old = "PasswordAuthentication yes\n"
    guest = guests.make(files={"etc/ssh/sshd_config": old})
    guest.edit(Edits(password_login=False))
    assert str(guest.read("/etc/ssh/sshd_config")).startswith("# vmsim begin\nPasswordAuthentication no\n")
    guest.edit(Edits(password_login=True))
    text = str(guest.read("/etc/ssh/sshd_config"))
    assert text.startswith("# vmsim begin\nPasswordAuthentication yes\n")
    assert text.endswith("# vmsim end\n" + old)


def test_an_enforcing_guest_without_labels_relabels_itself(guests: Guests) -> None:
    guest = guests.make(files={"etc/selinux/config": "# SELINUX= can take\nSELINUX=enforcing\n"})
    guest.edit(Edits(user_data=b"x"))
    assert guest.read("/.autorelabel") == ""


def test_labels_are_copied_from_neighbours(guests: Guests) -> None:
    guest = guests.make(files={"etc/selinux/config": "SELINUX=enforcing\n", "etc/ssh/moduli": ""})
    guest.debugfs(
        "ea_set /etc/ssh/moduli security.selinux system_u:object_r:etc_t:s0",
        "ea_set /etc/ssh security.selinux system_u:object_r:etc_t:s0",
        write=True,
    )
    guest.edit(Edits(host_key=HostKey("P", "p")))
    assert "etc_t" in guest.debugfs("ea_list /etc/ssh/ssh_host_ed25519_key")
    assert guest.read("/.autorelabel") is None


def test_an_unknown_user_is_the_callers_mistake_and_changes_nothing(guests: Guests) -> None:
    guest = guests.make()
    before = guest.disk.read_bytes()
    for edits in (Edits(host_name="n", password=("ubuntu", "h")), Edits(authorized_keys=("ubuntu", ()))):
        answer = guest.edit(edits)
        assert (answer["error"], answer["message"]) == ("UsageError", "The guest has no user ubuntu.")
    assert guest.disk.read_bytes() == before
    assert guest.is_whole()


def test_a_fifo_in_place_of_a_file_does_not_hang(guests: Guests) -> None:
    guest = guests.make()
    guest.debugfs("rm /etc/hostname", "cd /etc", "mknod hostname p", write=True)
    answer = guest.edit(Edits(host_name="n"))
    assert answer["error"] == "HostError"
    assert "/etc/hostname" in answer["message"]


def test_keys_for_a_home_on_another_file_system_are_refused(guests: Guests) -> None:
    guest = guests.make(
        files={"etc/fstab": "# a comment\nUUID=1 / ext4 defaults 0 1\nUUID=2 /home ext4 defaults 0 2\n"}
    )
    answer = guest.edit(Edits(host_name="n", authorized_keys=("debian", ("ssh-ed25519 K",))))
    assert "/home in /etc/fstab" in answer["message"]
    assert guest.read("/etc/hostname") == "old-name\n"
    assert "result" in guest.edit(Edits(host_name="n", authorized_keys=("root", ("ssh-ed25519 K",))))
