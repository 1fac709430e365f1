"""What a launch may ask for. None and empty mean "as the cloud does by itself"."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from vmsim.model.charges import POSTPAID


@dataclass(frozen=True)
class DataDiskRequest:
    """A data disk to be made and attached."""

    size_gib: int
    type: str = "CLOUD_PREMIUM"
    delete_with_instance: bool = True
    """Without it the disk is elastic, and outlives the instance."""
    name: str = ""
    snapshot_id: str = ""


@dataclass(frozen=True)
class LaunchRequest:
    """RunInstances in the domain's words. Sizes in GiB, bandwidth in Mbit/s, user data in base64."""

    region: str
    zone: str = ""
    """"" is the region's first zone that sells instances."""
    image: str = ""
    """An image's id or name; "" is the tiny image."""
    type_name: str = ""
    """"" is the smallest type the image allows."""
    count: int = 1
    fewest: int = 0
    """MinCount: as many as fit, at least so many; 0 is all or none."""
    name: str = ""
    """May hold {R:x} patterns; a batch without one is numbered."""
    host_name: str = ""
    system_disk_type: str = "CLOUD_PREMIUM"
    system_disk_gib: int = 0
    """0 is 50 GiB through the API's default, the image's own size from the command line."""
    data_disks: tuple[DataDiskRequest, ...] = ()
    vpc_id: str = ""
    subnet_id: str = ""
    private_ips: tuple[str, ...] = ()
    bandwidth_out: int = 0
    public_ip: bool | None = None
    internet_charge_type: str = ""
    security_group_ids: tuple[str, ...] = ()
    password: str = ""
    key_ids: tuple[str, ...] = ()
    default_key: bool = False
    """Bind the home's own key (the command line's default), making it at first use."""
    keep_image_login: bool = False
    user_data: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    charge_type: str = POSTPAID
    prepaid_months: int = 0
    renew_flag: str = ""
    project_id: int = 0
    protected: bool = False
    client_token: str = ""
    dry_run: bool = False
    boot_with_lab: bool = False
    system_disk_name: str = ""
    cam_role: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    cores: int = 0
    threads_per_core: int = 0
    terminate_at: datetime | None = None
