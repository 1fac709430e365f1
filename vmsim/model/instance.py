"""An instance as a frozen record. Sizes: MiB of memory, GiB of disk, Mbit/s of bandwidth."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from vmsim.model.charges import PREPAID
from vmsim.model.disk import Disk
from vmsim.model.lifecycle import InstanceState, OperationState, Verb
from vmsim.model.readiness import Rung

__all__ = ["Disk", "Instance", "LatestOperation"]


@dataclass(frozen=True)
class LatestOperation:
    """The three LatestOperation… fields; `verb` None when nothing was asked yet."""

    verb: Verb | None = None
    state: OperationState | None = None
    request_id: str = ""
    error: str = ""


@dataclass(frozen=True)
class Instance:
    """What the store keeps of an instance (disks and key ids included)."""

    id: str
    uuid: str
    region: str
    zone: str
    name: str
    host_name: str
    type_name: str
    cpu: int
    memory_mib: int
    image_id: str
    state: InstanceState
    state_reason: str
    """How it came to be so: "shut itself down", "unplugged", "crashed", … for people."""
    charge_type: str
    stop_charging: bool
    created: datetime
    mac: str
    vpc_id: str
    subnet_id: str
    private_ip: str
    public_ip: str | None
    bandwidth_out: int
    internet_charge_type: str
    security_group_ids: tuple[str, ...]
    login_user: str
    password: str | None
    """The random password the cloud made at launch, until it is reset; never one that a user chose."""
    password_hash: str | None
    host_key: str
    """The guest's public SSH host key, known beforehand: "ssh-ed25519 AAAA…"."""
    key_ids: tuple[str, ...]
    user_data: str
    tags: dict[str, str]
    project_id: int
    protected: bool
    """DisableApiTermination."""
    latest: LatestOperation
    rung: Rung
    paused: str
    """Why libvirt has paused the domain ("" when it has not)."""
    disks: tuple[Disk, ...] = ()
    boot_with_lab: bool = False
    prepaid_months: int = 0
    """What was bought at launch; 0 is not prepaid."""
    renew_flag: str = ""
    """NOTIFY_AND_AUTO_RENEW and its like; "" when it is not prepaid."""
    expires: datetime | None = None
    """When what was paid ends."""
    isolated_source: str = ""
    """MANMADE or EXPIRE while it is in the recycle bin (SHUTDOWN)."""
    isolated_at: datetime | None = None
    cam_role: str = ""
    pending_host_name: bool = False
    """Its host name was changed without a reboot: it is written to the disk before the next start."""
    metadata: dict[str, str] = field(default_factory=dict)
    cores: int = 0
    """CpuTopology: cores and threads as the guest sees them; 0 is what the type has, a thread a core."""
    threads_per_core: int = 0
    terminate_at: datetime | None = None
    """When the launch's ActionTimer ends it."""

    @property
    def system_disk(self) -> Disk:
        return self.disks[0]

    @property
    def data_disks(self) -> tuple[Disk, ...]:
        return self.disks[1:]

    @property
    def prepaid(self) -> bool:
        return self.charge_type == PREPAID

    @property
    def operating(self) -> bool:
        return self.latest.state is OperationState.OPERATING
