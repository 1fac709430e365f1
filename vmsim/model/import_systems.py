"""Operating systems that an imported image may hold: the cloud's names, and who logs in."""

from __future__ import annotations

from dataclasses import dataclass

from vmsim.model.errors import NotSimulated, UsageError

ANY = "-"
OTHER = "Other Linux"
_VERSIONS = {
    "CentOS": "5 6 7 8",
    "CentOS Stream": "8 9",
    "Ubuntu": "10 12 14 16 18 20 22 24",
    "Debian": "6 7 8 9 10 11 12",
    "OpenSUSE": "11 12 13 15",
    "SUSE": "10 11 12 15",
    "CoreOS": "7",
    "FreeBSD": "10 11 12 13",
    "TencentOS": "2 3",
    "Rocky Linux": "8 9",
    "AlmaLinux": "8 9",
    "Fedora": "36 37 38",
    OTHER: "",
}
_LOGIN = {"Ubuntu": "ubuntu", "CoreOS": "core"}


@dataclass(frozen=True)
class System:
    """What an image says of itself."""

    platform: str
    os_name: str
    login_user: str


def system(os_type: str, os_version: str) -> System:
    """Raises UsageError for a name or a version that is not in the list; "-" is any version."""
    if os_type == "Windows":
        raise NotSimulated("OsType=Windows is not simulated: guests here are Linux.")
    if os_type not in _VERSIONS:
        raise UsageError(
            f"OsType is {os_type!r}; known: {', '.join(_VERSIONS)}.", code="InvalidImageOsType.Unsupported"
        )
    known = _VERSIONS[os_type].split()
    if known and os_version != ANY and os_version.partition(".")[0] not in known:
        raise UsageError(
            f"OsVersion of {os_type} is {os_version!r}; known: {', '.join(known)}, {ANY}.",
            code="InvalidImageOsVersion.Unsupported",
        )
    version = "" if os_version in ("", ANY) else f" {os_version}"
    return System(os_type, f"{os_type}{version} 64bit", _LOGIN.get(os_type, "root"))
