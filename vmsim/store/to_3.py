"""From version 2 to 3: VPCs of one's own, elastic addresses, security groups, published ports.

Written out, as `to_2.py` is.
"""

from __future__ import annotations

import sqlite3

_STATEMENTS = """
ALTER TABLE vpcs ADD COLUMN created VARCHAR;
ALTER TABLE vpcs ADD COLUMN dns_servers JSON DEFAULT '[]' NOT NULL;
ALTER TABLE vpcs ADD COLUMN domain_name VARCHAR DEFAULT '' NOT NULL;
ALTER TABLE vpcs ADD COLUMN multicast BOOLEAN DEFAULT '0' NOT NULL;
ALTER TABLE subnets ADD COLUMN created VARCHAR;
CREATE TABLE addresses (id VARCHAR NOT NULL, region VARCHAR NOT NULL, name VARCHAR NOT NULL, ip VARCHAR NOT NULL,
    status VARCHAR NOT NULL, created VARCHAR NOT NULL, instance_id VARCHAR NOT NULL, charge_type VARCHAR NOT NULL,
    isp VARCHAR NOT NULL, bandwidth INTEGER NOT NULL, prepaid_months INTEGER NOT NULL, renew_flag VARCHAR NOT NULL,
    deadline VARCHAR, direct BOOLEAN NOT NULL, PRIMARY KEY (id), UNIQUE (ip));
CREATE INDEX addresses_by_region ON addresses (region, created, id);
CREATE INDEX ix_addresses_instance_id ON addresses (instance_id);
CREATE TABLE security_groups (id VARCHAR NOT NULL, region VARCHAR NOT NULL, name VARCHAR NOT NULL,
    description VARCHAR NOT NULL, project_id INTEGER NOT NULL, "default" BOOLEAN NOT NULL, created VARCHAR NOT NULL,
    updated VARCHAR NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (id));
CREATE INDEX security_groups_by_region ON security_groups (region, created, id);
CREATE TABLE security_group_rules (owner_id VARCHAR NOT NULL, direction VARCHAR NOT NULL, position INTEGER NOT NULL,
    protocol VARCHAR NOT NULL, verdict VARCHAR NOT NULL, ports VARCHAR NOT NULL, cidr VARCHAR, cidr6 VARCHAR NOT NULL,
    group_id VARCHAR NOT NULL, description VARCHAR NOT NULL, modified VARCHAR,
    PRIMARY KEY (owner_id, direction, position),
    FOREIGN KEY(owner_id) REFERENCES security_groups (id) ON DELETE CASCADE);
CREATE INDEX ix_security_group_rules_group_id ON security_group_rules (group_id);
CREATE TABLE publications (address VARCHAR NOT NULL, local_port INTEGER NOT NULL, instance_id VARCHAR NOT NULL,
    port INTEGER NOT NULL, PRIMARY KEY (address, local_port));
CREATE INDEX ix_publications_instance_id ON publications (instance_id);
"""


def step(connection: sqlite3.Connection) -> None:
    for statement in _STATEMENTS.split(";\n"):
        if statement.strip():
            connection.execute(statement)
