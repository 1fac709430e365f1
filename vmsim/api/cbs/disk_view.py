"""A disk as DescribeDisks shows it: every member that is published, in Tencent's words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from vmsim.api import tags, times
from vmsim.model.disk import Disk, DiskState

PREPAID = "PREPAID"


def disk(record: Disk, snapshots: tuple[int, int], now: datetime) -> dict[str, Any]:
    """`snapshots` are the number of its snapshots and the GiB in them."""
    return {
        **_identity(record),
        **_place(record),
        **_billing(record, now),
        "DiskState": record.state.value,
        "Rollbacking": record.state is DiskState.ROLLBACKING,
        "RollbackPercent": record.rollback_percent,
        "ErrorPrompt": record.error_prompt,
        "SnapshotAbility": True,
        "SnapshotCount": snapshots[0],
        "SnapshotSize": snapshots[1],
        "DeleteSnapshot": int(record.delete_snapshot),
        **_nothing_of_the_kind(),
    }


def _identity(record: Disk) -> dict[str, Any]:
    return {
        "DiskId": record.id,
        "DiskName": record.name,
        "DiskType": record.type,
        "DiskSize": record.size_gib,
        "DiskUsage": record.usage.value,
        "CreateTime": times.of_china(record.created) if record.created else "",
        "Tags": tags.shown(record.tags),
    }


def _place(record: Disk) -> dict[str, Any]:
    attached = record.state is not DiskState.ATTACHING and bool(record.instance_id)
    return {
        "Placement": {
            "Zone": record.zone,
            "ProjectId": record.project_id,
            "ProjectName": "",
            "CageId": None,
            "CdcId": None,
            "CdcName": None,
            "DedicatedClusterId": "",
        },
        "Attached": attached,
        "InstanceId": record.instance_id,
        "InstanceIdList": [record.instance_id] if record.instance_id else [],
        "InstanceType": "CVM" if record.instance_id else "",
        "AttachMode": "PF" if attached else "",
        "LastAttachInsId": record.instance_id or record.last_instance_id or None,
        "DeleteWithInstance": record.delete_with_instance,
        "Portable": record.portable,
    }


def _billing(record: Disk, now: datetime) -> dict[str, Any]:
    deadline = record.deadline
    return {
        "DiskChargeType": record.charge_type,
        "RenewFlag": record.renew_flag,
        "DeadlineTime": times.of_china(deadline) if deadline else "",
        "DifferDaysOfDeadline": (deadline - now).days if deadline else None,
        "DeadlineError": False,
        "AutoRenewFlagError": False,
        "IsReturnable": record.charge_type == PREPAID and record.state is DiskState.UNATTACHED,
        "ReturnFailCode": 0,
    }


def _nothing_of_the_kind() -> dict[str, Any]:
    """What no disk here can have."""
    return {
        "AutoSnapshotPolicyIds": None,
        "BackupDisk": False,
        "BurstPerformance": False,
        "DiskBackupCount": 0,
        "DiskBackupQuota": 0,
        "Encrypt": False,
        "EncryptType": "",
        "KmsKeyId": "",
        "MigratePercent": 0,
        "Migrating": False,
        "Shareable": False,
        "ThroughputPerformance": 0,
    }
