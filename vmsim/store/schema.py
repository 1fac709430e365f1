"""The tables. One version number for all of them; `migrations.py` brings an older file up to it.

Times are ISO-8601 UTC with microseconds, so that text order is time order. What is only carried along is JSON; what is
looked up has a column and, where a home may hold thousands of rows, an index.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

VERSION = 3

metadata = MetaData()

instances = Table(
    "instances",
    metadata,
    Column("id", String, primary_key=True),
    Column("uuid", String, nullable=False, unique=True),
    Column("region", String, nullable=False),
    Column("zone", String, nullable=False),
    Column("name", String, nullable=False, index=True),
    Column("host_name", String, nullable=False),
    Column("type_name", String, nullable=False),
    Column("cpu", Integer, nullable=False),
    Column("memory_mib", Integer, nullable=False),
    Column("image_id", String, nullable=False),
    Column("state", String, nullable=False, index=True),
    Column("state_reason", String, nullable=False, default=""),
    Column("charge_type", String, nullable=False),
    Column("stop_charging", Boolean, nullable=False, default=False),
    Column("created", String, nullable=False),
    Column("mac", String, nullable=False),
    Column("vpc_id", String, nullable=False),
    Column("subnet_id", String, nullable=False),
    Column("private_ip", String, nullable=False),
    Column("public_ip", String),
    Column("bandwidth_out", Integer, nullable=False, default=0),
    Column("internet_charge_type", String, nullable=False, default=""),
    Column("security_group_ids", JSON, nullable=False),
    Column("login_user", String, nullable=False),
    Column("password", String),
    Column("password_hash", String),
    Column("host_key", String, nullable=False, default=""),
    Column("user_data", String, nullable=False, default=""),
    Column("project_id", Integer, nullable=False, default=0),
    Column("protected", Boolean, nullable=False, default=False),
    Column("boot_with_lab", Boolean, nullable=False, default=False),
    Column("latest_verb", String),
    Column("latest_state", String),
    Column("latest_request_id", String, nullable=False, default=""),
    Column("latest_error", String, nullable=False, default=""),
    Column("rung", Integer, nullable=False, default=0),
    Column("paused", String, nullable=False, default=""),
    Column("prepaid_months", Integer, nullable=False, default=0, server_default="0"),
    Column("renew_flag", String, nullable=False, default="", server_default=""),
    Column("expires", String),
    Column("isolated_source", String, nullable=False, default="", server_default=""),
    Column("isolated_at", String),
    Column("cam_role", String, nullable=False, default="", server_default=""),
    Column("pending_host_name", Boolean, nullable=False, default=False, server_default="0"),
    Column("metadata", JSON, nullable=False, server_default="{}"),
    Column("cores", Integer, nullable=False, default=0, server_default="0"),
    Column("threads_per_core", Integer, nullable=False, default=0, server_default="0"),
    Column("terminate_at", String),
    Index("instances_by_region", "region", "created", "id"),
    Index("instances_by_address", "subnet_id", "private_ip"),
)

instance_keys = Table(
    "instance_keys",
    metadata,
    Column("instance_id", String, ForeignKey("instances.id", ondelete="CASCADE"), primary_key=True),
    Column("key_id", String, primary_key=True, index=True),
)

tags = Table(
    "tags",
    metadata,
    Column("owner_id", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
    Index("tags_by_key", "key", "value", "owner_id"),
)

disks = Table(
    "disks",
    metadata,
    Column("id", String, primary_key=True),
    Column("instance_id", String, nullable=False, index=True),
    Column("region", String, nullable=False),
    Column("zone", String, nullable=False),
    Column("position", Integer, nullable=False),
    Column("type", String, nullable=False),
    Column("size_gib", Integer, nullable=False),
    Column("name", String, nullable=False, default=""),
    Column("delete_with_instance", Boolean, nullable=False, default=True),
    Column("path", String, nullable=False),
    Column("state", String, nullable=False, server_default="ATTACHED"),
    Column("usage", String, nullable=False, server_default="DATA_DISK"),
    Column("portable", Boolean, nullable=False, server_default="0"),
    Column("charge_type", String, nullable=False, server_default="POSTPAID_BY_HOUR"),
    Column("created", String),
    Column("project_id", Integer, nullable=False, server_default="0"),
    Column("snapshot_id", String, nullable=False, server_default=""),
    Column("last_instance_id", String, nullable=False, server_default=""),
    Column("rollback_percent", Integer, nullable=False, server_default="0"),
    Column("renew_flag", String, nullable=False, server_default=""),
    Column("deadline", String),
    Column("delete_snapshot", Boolean, nullable=False, server_default="0"),
    Column("error_prompt", String, nullable=False, server_default=""),
    Index("disks_by_region", "region", "created", "id"),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("id", String, primary_key=True),
    Column("region", String, nullable=False),
    Column("zone", String, nullable=False),
    Column("disk_id", String, nullable=False, index=True),
    Column("disk_usage", String, nullable=False),
    Column("size_gib", Integer, nullable=False),
    Column("name", String, nullable=False),
    Column("state", String, nullable=False),
    Column("percent", Integer, nullable=False),
    Column("created", String, nullable=False),
    Column("deadline", String),
    Column("path", String, nullable=False),
    Column("project_id", Integer, nullable=False),
    Column("system", JSON, nullable=False),
    Index("snapshots_by_region", "region", "created", "id"),
)

image_snapshots = Table(
    "image_snapshots",
    metadata,
    Column("image_id", String, primary_key=True),
    Column("snapshot_id", String, primary_key=True, index=True),
    Column("position", Integer, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String, primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("subject_id", String, nullable=False, index=True),
    Column("instance_id", String, nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("caller_how", String, nullable=False),
    Column("caller_who", String, nullable=False),
    Column("request_id", String, nullable=False),
    Column("state", String, nullable=False, index=True),
    Column("step", String, nullable=False),
    Column("began", String, nullable=False),
    Column("ended", String),
    Column("error", String, nullable=False, default=""),
    Column("evidence", JSON, nullable=False),
)

operations = Table(
    "operations",
    metadata,
    Column("id", String, primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("instance_id", String, nullable=False),
    Column("verb", String, nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("caller_how", String, nullable=False),
    Column("caller_who", String, nullable=False),
    Column("request_id", String, nullable=False),
    Column("state", String, nullable=False, index=True),
    Column("step", String, nullable=False, default=""),
    Column("phase", String, nullable=False, default=""),
    Column("began", String, nullable=False),
    Column("ended", String),
    Column("error", String, nullable=False, default=""),
    Column("lab_boot", String, nullable=False),
    Column("force", Boolean, nullable=False, default=False),
    Column("began_in", String, nullable=False, default=""),
    Column("evidence", JSON, nullable=False),
    Column("escalated", Boolean, nullable=False, default=False),
    Index("operations_by_instance", "instance_id", "number"),
)

events = Table(
    "events",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("at", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("instance_id", String, nullable=False, default=""),
    Column("operation_id", String, nullable=False, default=""),
    Column("text", String, nullable=False),
    Column("data", JSON, nullable=False),
    Index("events_by_instance", "instance_id", "sequence"),
    sqlite_autoincrement=True,
)

key_pairs = Table(
    "key_pairs",
    metadata,
    Column("id", String, primary_key=True),
    Column("region", String, nullable=False),
    Column("name", String, nullable=False),
    Column("public_key", String, nullable=False),
    Column("project_id", Integer, nullable=False, default=0),
    Column("description", String, nullable=False, default=""),
    Column("created", String, nullable=False),
    Column("default", Boolean, nullable=False, default=False),
    UniqueConstraint("region", "name"),
)

images = Table(
    "images",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("os_name", String, nullable=False),
    Column("platform", String, nullable=False),
    Column("architecture", String, nullable=False),
    Column("size_gib", Integer, nullable=False),
    Column("memory_mib", Integer, nullable=False),
    Column("login_user", String, nullable=False),
    Column("path", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("created", String, nullable=False),
    Column("description", String, nullable=False, default=""),
    Column("region", String, nullable=False),
    Column("type", String, nullable=False),
    Column("state", String, nullable=False),
    Column("source", String, nullable=False),
    Column("percent", Integer, nullable=False),
    Column("family", String, nullable=False),
    Column("boot_mode", String, nullable=False),
    Column("license_type", String, nullable=False),
    Column("instance_id", String, nullable=False),
    Column("error", String, nullable=False),
    UniqueConstraint("region", "name"),
)

vpcs = Table(
    "vpcs",
    metadata,
    Column("id", String, primary_key=True),
    Column("region", String, nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("cidr", String, nullable=False),
    Column("default", Boolean, nullable=False),
    Column("created", String),
    Column("dns_servers", JSON, nullable=False, server_default="[]"),
    Column("domain_name", String, nullable=False, server_default=""),
    Column("multicast", Boolean, nullable=False, server_default="0"),
)

subnets = Table(
    "subnets",
    metadata,
    Column("id", String, primary_key=True),
    Column("vpc_id", String, nullable=False, index=True),
    Column("region", String, nullable=False),
    Column("zone", String, nullable=False),
    Column("name", String, nullable=False),
    Column("cidr", String, nullable=False),
    Column("default", Boolean, nullable=False),
    Column("number", Integer, nullable=False, unique=True),
    Column("created", String),
)

addresses = Table(
    "addresses",
    metadata,
    Column("id", String, primary_key=True),
    Column("region", String, nullable=False),
    Column("name", String, nullable=False),
    Column("ip", String, nullable=False, unique=True),
    Column("status", String, nullable=False),
    Column("created", String, nullable=False),
    Column("instance_id", String, nullable=False, index=True),
    Column("charge_type", String, nullable=False),
    Column("isp", String, nullable=False),
    Column("bandwidth", Integer, nullable=False),
    Column("prepaid_months", Integer, nullable=False),
    Column("renew_flag", String, nullable=False),
    Column("deadline", String),
    Column("direct", Boolean, nullable=False),
    Index("addresses_by_region", "region", "created", "id"),
)
"""Elastic ones. What an instance answers at, EIP or not, is in its own row."""

security_groups = Table(
    "security_groups",
    metadata,
    Column("id", String, primary_key=True),
    Column("region", String, nullable=False),
    Column("name", String, nullable=False),
    Column("description", String, nullable=False),
    Column("project_id", Integer, nullable=False),
    Column("default", Boolean, nullable=False),
    Column("created", String, nullable=False),
    Column("updated", String, nullable=False),
    Column("version", Integer, nullable=False),
    Index("security_groups_by_region", "region", "created", "id"),
)

security_group_rules = Table(
    "security_group_rules",
    metadata,
    Column("owner_id", String, ForeignKey("security_groups.id", ondelete="CASCADE"), primary_key=True),
    Column("direction", String, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("protocol", String, nullable=False),
    Column("verdict", String, nullable=False),
    Column("ports", String, nullable=False),
    Column("cidr", String),
    Column("cidr6", String, nullable=False),
    Column("group_id", String, nullable=False, index=True),
    Column("description", String, nullable=False),
    Column("modified", String),
)
"""`owner_id` is the group that the rule is in, `group_id` the one it is about."""

publications = Table(
    "publications",
    metadata,
    Column("address", String, primary_key=True),
    Column("local_port", Integer, primary_key=True),
    Column("instance_id", String, nullable=False, index=True),
    Column("port", Integer, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("secret_id", String, primary_key=True),
    Column("secret_key", String, nullable=False),
    Column("name", String, nullable=False, default=""),
    Column("enabled", Boolean, nullable=False, default=True),
    Column("created", String, nullable=False),
)

temporary_keys = Table(
    "temporary_keys",
    metadata,
    Column("secret_id", String, primary_key=True),
    Column("secret_key", String, nullable=False),
    Column("token", String, nullable=False),
    Column("role", String, nullable=False),
    Column("expires", String, nullable=False),
    Index("temporary_keys_by_role", "role", "expires"),
)

client_tokens = Table(
    "client_tokens",
    metadata,
    Column("action", String, primary_key=True),
    Column("token", String, primary_key=True),
    Column("region", String, primary_key=True),
    Column("digest", String, nullable=False),
    Column("ids", JSON, nullable=False),
    Column("at", Float, nullable=False),
)

samples = Table(
    "samples",
    metadata,
    Column("instance_id", String, primary_key=True),
    Column("at", Integer, primary_key=True, index=True),
    Column("seconds", Float, nullable=False),
    Column("cpu_percent", Float, nullable=False),
    Column("memory_used_mib", Float),
    Column("memory_percent", Float),
    Column("read_bytes", Float, nullable=False),
    Column("written_bytes", Float, nullable=False),
    Column("received_bytes", Float, nullable=False),
    Column("sent_bytes", Float, nullable=False),
    Column("received_packets", Float, nullable=False),
    Column("sent_packets", Float, nullable=False),
)
"""What guests used: a row for each interval of `seconds` that ended at `at` (Unix time); bytes and packets are per
second, memory is null where the guest did not tell."""
