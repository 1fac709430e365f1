"""Elastic addresses (EIP): public addresses that belong to an account and are bound to an instance, or to none.

An instance's ordinary public address is no EIP: it comes with the instance and goes with it, until TransformAddress
makes an EIP of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from vmsim.model import charges

BY_TRAFFIC = "TRAFFIC_POSTPAID_BY_HOUR"
BY_BANDWIDTH = "BANDWIDTH_POSTPAID_BY_HOUR"
PREPAID = "BANDWIDTH_PREPAID_BY_MONTH"


class AddressStatus(str, Enum):
    """As published. BIND_ENI is not among them: nothing here is bound to a network card alone."""

    CREATING = "CREATING"
    BINDING = "BINDING"
    BIND = "BIND"
    UNBINDING = "UNBINDING"
    UNBIND = "UNBIND"
    OFFLINING = "OFFLINING"


@dataclass(frozen=True)
class Address:
    """One EIP. Bandwidth in Mbit/s, out of the instance."""

    id: str
    region: str
    name: str
    ip: str
    status: AddressStatus
    created: datetime
    instance_id: str = ""
    """Whom it is bound to, or being bound to; "" when to nobody."""
    charge_type: str = BY_TRAFFIC
    isp: str = "BGP"
    bandwidth: int = 1
    prepaid_months: int = 0
    renew_flag: str = ""
    deadline: datetime | None = None
    direct: bool = False
    """IsEipDirectConnection, as it was asked for."""
    tags: dict[str, str] = field(default_factory=dict)

    def in_arrears(self, now: datetime) -> bool:
        """Is what was paid for over? One that renews itself is only late."""
        return self.deadline is not None and self.deadline <= now and self.renew_flag != charges.AUTO_RENEW
