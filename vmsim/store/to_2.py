"""From version 1 to 2: disks that stand alone, snapshots, jobs, private images, prepaid instances, samples.

The statements are written out, not made from `schema.py`: an old file must go the same way whatever the schema becomes.
"""

from __future__ import annotations

import sqlite3

_STATEMENTS = """
ALTER TABLE instances ADD COLUMN prepaid_months INTEGER DEFAULT '0' NOT NULL;
ALTER TABLE instances ADD COLUMN renew_flag VARCHAR DEFAULT '' NOT NULL;
ALTER TABLE instances ADD COLUMN expires VARCHAR;
ALTER TABLE instances ADD COLUMN isolated_source VARCHAR DEFAULT '' NOT NULL;
ALTER TABLE instances ADD COLUMN isolated_at VARCHAR;
ALTER TABLE instances ADD COLUMN cam_role VARCHAR DEFAULT '' NOT NULL;
ALTER TABLE instances ADD COLUMN pending_host_name BOOLEAN DEFAULT '0' NOT NULL;
ALTER TABLE instances ADD COLUMN metadata JSON DEFAULT '{}' NOT NULL;
ALTER TABLE instances ADD COLUMN cores INTEGER DEFAULT '0' NOT NULL;
ALTER TABLE instances ADD COLUMN threads_per_core INTEGER DEFAULT '0' NOT NULL;
ALTER TABLE instances ADD COLUMN terminate_at VARCHAR;
ALTER TABLE disks ADD COLUMN state VARCHAR DEFAULT 'ATTACHED' NOT NULL;
ALTER TABLE disks ADD COLUMN usage VARCHAR DEFAULT 'DATA_DISK' NOT NULL;
ALTER TABLE disks ADD COLUMN portable BOOLEAN DEFAULT '0' NOT NULL;
ALTER TABLE disks ADD COLUMN charge_type VARCHAR DEFAULT 'POSTPAID_BY_HOUR' NOT NULL;
ALTER TABLE disks ADD COLUMN created VARCHAR;
ALTER TABLE disks ADD COLUMN project_id INTEGER DEFAULT '0' NOT NULL;
ALTER TABLE disks ADD COLUMN snapshot_id VARCHAR DEFAULT '' NOT NULL;
ALTER TABLE disks ADD COLUMN last_instance_id VARCHAR DEFAULT '' NOT NULL;
ALTER TABLE disks ADD COLUMN rollback_percent INTEGER DEFAULT '0' NOT NULL;
ALTER TABLE disks ADD COLUMN renew_flag VARCHAR DEFAULT '' NOT NULL;
ALTER TABLE disks ADD COLUMN deadline VARCHAR;
ALTER TABLE disks ADD COLUMN delete_snapshot BOOLEAN DEFAULT '0' NOT NULL;
ALTER TABLE disks ADD COLUMN error_prompt VARCHAR DEFAULT '' NOT NULL;
UPDATE disks SET usage = 'SYSTEM_DISK' WHERE position = 0;
UPDATE disks SET created = (SELECT created FROM instances WHERE instances.id = disks.instance_id);
CREATE INDEX disks_by_region ON disks (region, created, id);
CREATE TABLE snapshots (id VARCHAR NOT NULL, region VARCHAR NOT NULL, zone VARCHAR NOT NULL,
    disk_id VARCHAR NOT NULL, disk_usage VARCHAR NOT NULL, size_gib INTEGER NOT NULL, name VARCHAR NOT NULL,
    state VARCHAR NOT NULL, percent INTEGER NOT NULL, created VARCHAR NOT NULL, deadline VARCHAR,
    path VARCHAR NOT NULL, project_id INTEGER NOT NULL, system JSON NOT NULL, PRIMARY KEY (id));
CREATE INDEX ix_snapshots_disk_id ON snapshots (disk_id);
CREATE INDEX snapshots_by_region ON snapshots (region, created, id);
CREATE TABLE image_snapshots (image_id VARCHAR NOT NULL, snapshot_id VARCHAR NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (image_id, snapshot_id));
CREATE INDEX ix_image_snapshots_snapshot_id ON image_snapshots (snapshot_id);
CREATE TABLE jobs (id VARCHAR NOT NULL, number INTEGER NOT NULL, kind VARCHAR NOT NULL, subject_id VARCHAR NOT NULL,
    instance_id VARCHAR NOT NULL, arguments JSON NOT NULL, caller_how VARCHAR NOT NULL, caller_who VARCHAR NOT NULL,
    request_id VARCHAR NOT NULL, state VARCHAR NOT NULL, step VARCHAR NOT NULL, began VARCHAR NOT NULL, ended VARCHAR,
    error VARCHAR NOT NULL, evidence JSON NOT NULL, PRIMARY KEY (id), UNIQUE (number));
CREATE INDEX ix_jobs_state ON jobs (state);
CREATE INDEX ix_jobs_subject_id ON jobs (subject_id);
ALTER TABLE images RENAME TO images_1;
CREATE TABLE images (id VARCHAR NOT NULL, name VARCHAR NOT NULL, os_name VARCHAR NOT NULL, platform VARCHAR NOT NULL,
    architecture VARCHAR NOT NULL, size_gib INTEGER NOT NULL, memory_mib INTEGER NOT NULL,
    login_user VARCHAR NOT NULL, path VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, created VARCHAR NOT NULL,
    description VARCHAR NOT NULL, region VARCHAR NOT NULL, type VARCHAR NOT NULL, state VARCHAR NOT NULL,
    source VARCHAR NOT NULL, percent INTEGER NOT NULL, family VARCHAR NOT NULL, boot_mode VARCHAR NOT NULL,
    license_type VARCHAR NOT NULL, instance_id VARCHAR NOT NULL, error VARCHAR NOT NULL, PRIMARY KEY (id),
    UNIQUE (region, name));
INSERT INTO images SELECT id, name, os_name, platform, architecture, size_gib, memory_mib, login_user, path, sha256,
    created, description, '', 'PUBLIC_IMAGE', 'NORMAL', 'OFFICIAL', 100, '', 'Legacy BIOS', 'TencentCloud', '', ''
    FROM images_1;
DROP TABLE images_1;
ALTER TABLE client_tokens RENAME TO client_tokens_1;
CREATE TABLE client_tokens (action VARCHAR NOT NULL, token VARCHAR NOT NULL, region VARCHAR NOT NULL,
    digest VARCHAR NOT NULL, ids JSON NOT NULL, at FLOAT NOT NULL, PRIMARY KEY (action, token, region));
INSERT INTO client_tokens SELECT 'RunInstances', token, region, digest, instance_ids, at FROM client_tokens_1;
DROP TABLE client_tokens_1;
CREATE TABLE temporary_keys (secret_id VARCHAR NOT NULL, secret_key VARCHAR NOT NULL, token VARCHAR NOT NULL,
    role VARCHAR NOT NULL, expires VARCHAR NOT NULL, PRIMARY KEY (secret_id));
CREATE INDEX temporary_keys_by_role ON temporary_keys (role, expires);
CREATE TABLE samples (instance_id VARCHAR NOT NULL, at INTEGER NOT NULL, seconds FLOAT NOT NULL,
    cpu_percent FLOAT NOT NULL, memory_used_mib FLOAT, memory_percent FLOAT, read_bytes FLOAT NOT NULL,
    written_bytes FLOAT NOT NULL, received_bytes FLOAT NOT NULL, sent_bytes FLOAT NOT NULL,
    received_packets FLOAT NOT NULL, sent_packets FLOAT NOT NULL, PRIMARY KEY (instance_id, at));
CREATE INDEX ix_samples_at ON samples (at);
"""


def step(connection: sqlite3.Connection) -> None:
    for statement in _STATEMENTS.split(";\n"):
        if statement.strip():
            connection.execute(statement)
