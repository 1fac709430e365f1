"""VPCs of real guests: a subnet is a network of the lab, names are known in the whole VPC and nowhere else."""

from __future__ import annotations

import pytest

from .homes import RunningHome, View, until

pytestmark = pytest.mark.guest

ZONE = "ap-guangzhou-3"


def made(cloud: RunningHome, vpc: str, cidr: str) -> str:
    asked = {"VpcId": vpc, "SubnetName": cidr, "Zone": ZONE, "CidrBlock": cidr}
    ident: str = cloud.api("CreateSubnet", **asked)["Subnet"]["SubnetId"]
    return ident


@pytest.fixture(scope="module")
def vpc(cloud: RunningHome) -> str:
    asked = {"VpcName": "net", "CidrBlock": "10.7.0.0/16", "DomainName": "corp.example"}
    ident: str = cloud.api("CreateVpc", **asked)["Vpc"]["VpcId"]
    return ident


@pytest.fixture(scope="module")
def guests(cloud: RunningHome, vpc: str) -> tuple[View, View]:
    """In two subnets of it."""
    place: View = {"vpc_id": vpc, "zone": ZONE}
    (web,) = cloud.launch("web", host_name="web", subnet_id=made(cloud, vpc, "10.7.1.0/24"), **place)
    (db,) = cloud.launch(
        "db", host_name="db", subnet_id=made(cloud, vpc, "10.7.2.0/28"), private_ips=["10.7.2.9"], **place
    )
    return web, db


def lookup(cloud: RunningHome, guest: View, name: str) -> str:
    """What the guest finds at a name, asking whom it was told to."""
    with cloud.shell(guest["id"]) as session:
        return session.run(f"nslookup {name} 2>&1").stdout


def test_a_guest_is_in_its_subnet(cloud: RunningHome, guests: tuple[View, View]) -> None:
    web, db = guests
    assert (web["private_ip"], db["private_ip"]) == ("10.7.1.2", "10.7.2.9")
    assert "10.7.2.9/28" in cloud.inside(db["id"], "ip -4 -o addr show eth0")
    assert "default via 10.7.2.1" in cloud.inside(db["id"], "ip route")


def test_a_whole_packet_passes_as_the_clouds_mtu_says(cloud: RunningHome, guests: tuple[View, View]) -> None:
    """From one subnet to the other; 28 bytes are IP's and ICMP's own."""
    web, db = guests
    assert {cloud.inside(guest["id"], "cat /sys/class/net/eth0/mtu").strip() for guest in guests} == {"1500"}
    assert cloud.in_lab("cat", f"/sys/class/net/tap-{db['id'][4:]}/mtu").strip() == "1500"
    cloud.inside(web["id"], f"ping -c 1 -W 5 -s 1472 {db['private_ip']}")


def test_names_are_known_in_the_whole_vpc(cloud: RunningHome, guests: tuple[View, View]) -> None:
    web, db = guests
    assert "10.7.2.9" in lookup(cloud, web, "db.corp.example")
    assert "10.7.1.2" in lookup(cloud, db, "web.corp.example")
    assert "corp.example" in cloud.inside(db["id"], "cat /etc/resolv.conf")
    cloud.inside(web["id"], "ping -c 1 -W 5 db")


def test_and_nowhere_else(cloud: RunningHome, guests: tuple[View, View]) -> None:
    (stranger,) = cloud.launch("stranger")
    assert "10.7.2.9" not in lookup(cloud, stranger, "db.corp.example")
    assert "10.7.2.9" not in lookup(cloud, stranger, "db")
    cloud.do(stranger["id"], "terminate")


def test_what_was_lost_comes_back_by_itself(cloud: RunningHome, guests: tuple[View, View]) -> None:
    """As after a daemon that died between two entries."""
    web, db = guests
    gone = f"<host ip='{db['private_ip']}'/>"
    cloud.virsh("net-update", web["subnet_id"], "delete", "dns-host", gone, "--live", "--config")
    assert db["private_ip"] not in cloud.virsh("net-dumpxml", web["subnet_id"])
    cloud.do(db["id"], "stop", stop_type="HARD")
    cloud.do(db["id"], "start")
    assert db["private_ip"] in cloud.virsh("net-dumpxml", web["subnet_id"])
    cloud.wait_up(db["id"])


def test_what_guests_hear_is_changed_while_they_are_off(
    cloud: RunningHome, vpc: str, guests: tuple[View, View]
) -> None:
    asked = {"VpcId": vpc, "DnsServers": ["10.7.1.200"], "DomainName": "other.example"}
    assert cloud.refusal("ModifyVpcAttribute", **asked) == "UnsupportedOperation"
    for guest in guests:
        cloud.do(guest["id"], "stop", stop_type="HARD")
    cloud.api("ModifyVpcAttribute", **asked)
    web = guests[0]
    cloud.do(web["id"], "start")
    cloud.wait_up(web["id"])
    heard = cloud.inside(web["id"], "cat /etc/resolv.conf")
    assert "10.7.1.200" in heard and "other.example" in heard


def test_the_last_guest_gone_a_subnet_goes_with_its_network(
    cloud: RunningHome, vpc: str, guests: tuple[View, View]
) -> None:
    web, db = guests
    assert cloud.refusal("DeleteSubnet", SubnetId=db["subnet_id"]) == "ResourceInUse"
    cloud.do(db["id"], "terminate")
    assert db["private_ip"] not in cloud.virsh("net-dumpxml", web["subnet_id"]), "the name is gone in the other subnet"
    assert db["subnet_id"] in cloud.virsh("net-list", "--all", "--name")
    cloud.api("DeleteSubnet", SubnetId=db["subnet_id"])
    until(lambda: db["subnet_id"] not in cloud.virsh("net-list", "--all", "--name"))
    # Its number, and with it its bridge, is the next one's.
    place: View = {"vpc_id": vpc, "zone": ZONE, "subnet_id": made(cloud, vpc, "10.7.3.0/28")}
    (again,) = cloud.launch("again", **place)
    assert again["private_ip"] == "10.7.3.2"
    for guest in (web, again):
        cloud.do(guest["id"], "terminate")
        cloud.api("DeleteSubnet", SubnetId=guest["subnet_id"])
    cloud.api("DeleteVpc", VpcId=vpc)
    assert cloud.virsh("net-list", "--all", "--name").split() in ([], [cloud_default(cloud)])


def cloud_default(cloud: RunningHome) -> str:
    (found,) = cloud.api("DescribeSubnets")["SubnetSet"]
    return str(found["SubnetId"])
