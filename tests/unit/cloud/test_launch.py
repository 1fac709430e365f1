from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import psutil
import pytest

from cloud_fixture import CALLER, IMAGE, REGION, launched, now, put, request
from vmsim.cloud import images as cloud_images
from vmsim.cloud import key_pairs
from vmsim.cloud.capacity import HOST_RESERVE_MIB
from vmsim.cloud.context import Cloud
from vmsim.cloud.events import read
from vmsim.cloud.launch import launch
from vmsim.cloud.query import InstanceQuery, query
from vmsim.host import qcow2
from vmsim.model import ids
from vmsim.model.errors import NotFound, OutOfResources, UsageError, VmsimError
from vmsim.model.instance import Instance
from vmsim.model.launch import DataDiskRequest
from vmsim.model.lifecycle import InstanceState, OperationState, Verb
from vmsim.model.network import PUBLIC_RANGES, Subnet, Vpc
from vmsim.store import images, instances, networks

S = InstanceState


def ask(cloud: Cloud, **wanted: Any) -> tuple[Instance, ...]:
    return launch(cloud, request(**wanted), caller=CALLER, request_id="r")


def refusal(cloud: Cloud, **wanted: Any) -> VmsimError:
    with pytest.raises(VmsimError) as caught:
        ask(cloud, **wanted)
    assert query(cloud, InstanceQuery()).total == 0
    return caught.value


def test_everything_is_reserved_at_once(cloud: Cloud) -> None:
    handed: list[str] = []
    cloud.enqueue = handed.append
    made = ask(cloud, count=3, name="web", bandwidth_out=1, data_disks=(DataDiskRequest(10, name="data"),))
    assert len(handed) == 3
    assert [one.name for one in made] == ["web1", "web2", "web3"]
    assert {one.state for one in made} == {S.PENDING}
    assert {one.latest.state for one in made} == {OperationState.OPERATING}
    assert {one.latest.verb for one in made} == {Verb.RUN}
    assert len({one.private_ip for one in made} | {one.public_ip for one in made} | {one.mac for one in made}) == 9
    assert [(disk.position, disk.size_gib, disk.target) for disk in made[0].disks] == [(0, 1, "vda"), (1, 10, "vdb")]
    assert [one.host_name for one in made] == [one.id for one in made]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"count": 2, "name": "a{R:3}"}, ["a3", "a4"]),
        ({"count": 2, "name": "a{R:9,F:3}-{R:1}"}, ["a009-1", "a010-2"]),
        ({"count": 1, "name": "a"}, ["a"]),
        ({"count": 2}, ["test1", "test2"]),
    ],
)
def test_names(cloud: Cloud, wanted: dict[str, Any], names: list[str]) -> None:
    assert [one.name for one in ask(cloud, **wanted)] == names


def test_a_token_gives_the_same_answer_and_another_request_is_refused(cloud: Cloud) -> None:
    first = ask(cloud, client_token="t", count=2)
    again = ask(cloud, client_token="t", count=2)
    assert [one.id for one in again] == [one.id for one in first]
    assert query(cloud, InstanceQuery()).total == 2
    with pytest.raises(UsageError, match="different request"):
        ask(cloud, client_token="t", count=3)
    elsewhere = ask(cloud, client_token="t", count=2, region="ap-beijing")
    assert {one.id for one in elsewhere}.isdisjoint(one.id for one in first)


def test_a_token_under_concurrency_makes_one(cloud: Cloud) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: ask(cloud, client_token="t")[0].id, range(4)))
    assert len(set(answers)) == 1


def test_a_dry_run_makes_nothing(cloud: Cloud) -> None:
    before = len(read(cloud, 0))
    assert ask(cloud, dry_run=True, keep_image_login=False, default_key=True, client_token="t", bandwidth_out=1) == ()
    assert query(cloud, InstanceQuery()).total == 0
    assert key_pairs.query(cloud, None).total == 0
    assert len(read(cloud, 0)) == before
    with cloud.store.reading() as connection:
        assert networks.subnets_where(connection) == []
    assert len(ask(cloud, client_token="t")) == 1


def test_a_dry_run_finds_what_a_launch_would(cloud: Cloud) -> None:
    assert refusal(cloud, dry_run=True, private_ips=("10.0.0.1",)).code == "VpcAddrNotInSubNet"
    assert isinstance(refusal(cloud, dry_run=True, type_name="S5.8XLARGE128", count=100), OutOfResources)


def test_memory_to_the_last_mebibyte(cloud: Cloud) -> None:
    """Decision 9: the sum over running + asked must be at most total - 1 GiB; what is stopped reserves nothing."""
    total = psutil.virtual_memory().total // 2**20
    holder = launched(cloud, S.RUNNING)
    put(cloud, holder.id, memory_mib=total - HOST_RESERVE_MIB - 255)
    with pytest.raises(OutOfResources) as caught:
        ask(cloud, type_name="LAB1.NANO256")
    for figure in (256, 255, total, total - HOST_RESERVE_MIB - 255):
        assert f"{figure} MiB" in caught.value.message
    put(cloud, holder.id, memory_mib=total - HOST_RESERVE_MIB - 256)
    assert len(ask(cloud, type_name="LAB1.NANO256", dry_run=True)) == 0
    with pytest.raises(OutOfResources):
        ask(cloud, type_name="LAB1.NANO128", count=3)
    put(cloud, holder.id, state=S.STOPPED)
    assert len(ask(cloud, type_name="LAB1.NANO128", count=3)) == 3


def test_disk_that_is_not_there(cloud: Cloud) -> None:
    free = psutil.disk_usage(str(cloud.home.root)).free
    count = free // (64 * 2**20) + 1
    if count <= 500:
        assert refusal(cloud, count=count).code.startswith("ResourceInsufficient")
    assert refusal(cloud, count=501).code == "InvalidParameterValue.Range"


def small_subnet(cloud: Cloud) -> Subnet:
    vpc = Vpc(ids.new("vpc"), REGION, "small", IPv4Network("10.1.0.0/29"), False)
    subnet = Subnet(ids.new("subnet"), vpc.id, REGION, f"{REGION}-1", "small", vpc.cidr, False, 40)
    with cloud.store.writing() as connection:
        networks.add_vpc(connection, vpc)
        networks.add_subnet(connection, subnet)
    return subnet


def test_a_subnet_gives_every_address_but_its_own_the_gateway_and_the_last(cloud: Cloud) -> None:
    subnet = small_subnet(cloud)
    here = {"vpc_id": subnet.vpc_id, "subnet_id": subnet.id}
    assert refusal(cloud, count=6, **here).code == "FailedOperation.NoAvailableIpAddressCountInSubnet"
    made = ask(cloud, count=5, **here)
    assert [one.private_ip for one in made] == [f"10.1.0.{n}" for n in range(2, 7)]
    with pytest.raises(OutOfResources):
        ask(cloud, **here)
    with cloud.store.writing() as connection:
        instances.remove(connection, made[2].id)
    assert ask(cloud, **here)[0].private_ip == "10.1.0.4"


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("10.1.0.0", "VpcAddrNotInSubNet"),
        ("10.1.0.1", "VpcAddrNotInSubNet"),
        ("10.1.0.7", "VpcAddrNotInSubNet"),
        ("10.2.0.2", "VpcAddrNotInSubNet"),
        ("10.1.0.", "InvalidParameterValue.InvalidIpFormat"),
        ("::1", "InvalidParameterValue.InvalidIpFormat"),
    ],
)
def test_an_address_that_cannot_be_had(cloud: Cloud, address: str, code: str) -> None:
    subnet = small_subnet(cloud)
    here = {"vpc_id": subnet.vpc_id, "subnet_id": subnet.id}
    assert refusal(cloud, private_ips=(address,), **here).code == code


def test_a_wanted_address(cloud: Cloud) -> None:
    subnet = small_subnet(cloud)
    here = {"vpc_id": subnet.vpc_id, "subnet_id": subnet.id}
    assert ask(cloud, private_ips=("10.1.0.5",), **here)[0].private_ip == "10.1.0.5"
    with pytest.raises(UsageError) as caught:
        ask(cloud, private_ips=("10.1.0.5",), **here)
    assert caught.value.code == "VpcIpIsUsed"


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"vpc_id": "vpc-00000000", "subnet_id": "subnet-00000000"}, "InvalidParameterValue.VpcIdNotExist"),
        ({"zone": "ap-beijing-1"}, "InvalidZone.MismatchRegion"),
        ({"region": "mars-1"}, "UnsupportedRegion"),
        ({"image": "img-99999999"}, "InvalidImageId.NotFound"),
        ({"type_name": "LAB1.NANO1"}, "InvalidParameterValue.InstanceTypeNotFound"),
        ({"user_data": "%%%"}, "InvalidParameterValue.InvalidUserDataFormat"),
        ({"system_disk_gib": 32001}, "InvalidParameterValue.Range"),
        ({"data_disks": (DataDiskRequest(0),)}, "InvalidParameterValue.Range"),
        ({"count": 0}, "InvalidParameterValue.Range"),
        ({"host_name": "-bad-"}, "InvalidParameterValue.IllegalHostName"),
        ({"name": "x" * 129}, "InvalidInstanceName.TooLong"),
        ({"name": "{R:" + "9" * 5000 + "}"}, "InvalidInstanceName.TooLong"),
        ({"password": "Sunny-Day_42"}, "InvalidParameter.ParameterConflict"),
        ({"key_ids": ("skey-00000000",)}, "InvalidParameter.ParameterConflict"),
        ({"key_ids": ("skey-00000000",), "keep_image_login": False}, "InvalidKeyPairId.NotFound"),
        ({"password": "weak", "keep_image_login": False}, "InvalidParameterValue.InvalidPassword"),
    ],
)
def test_refused_with_its_code_and_nothing_made(cloud: Cloud, wanted: dict[str, Any], code: str) -> None:
    assert refusal(cloud, **wanted).code == code


def test_a_subnet_alone_says_its_vpc_and_its_zone(cloud: Cloud) -> None:
    with cloud.store.writing() as connection:
        networks.add_vpc(connection, Vpc("vpc-00000001", REGION, "v", IPv4Network("10.0.0.0/16"), False))
        subnet = Subnet(
            "subnet-00000001", "vpc-00000001", REGION, f"{REGION}-3", "s", IPv4Network("10.0.1.0/24"), False, 9
        )
        networks.add_subnet(connection, subnet)
    (made,) = ask(cloud, subnet_id=subnet.id)
    assert (made.vpc_id, made.subnet_id, made.zone) == (subnet.vpc_id, subnet.id, subnet.zone)
    with pytest.raises(NotFound, match="subnet-00000002"):
        ask(cloud, subnet_id="subnet-00000002")


def test_no_launch_while_the_lab_goes_down(cloud: Cloud) -> None:
    cloud.going_down.set()
    assert "going down" in refusal(cloud).message


def test_the_public_pool_can_run_dry(cloud: Cloud) -> None:
    model = launched(cloud)
    addresses = [str(address) for network in PUBLIC_RANGES for address in network.hosts()]
    with cloud.store.writing() as connection:
        for number, address in enumerate(addresses[:-1]):
            one = replace(model, id=f"ins-{number:08d}", uuid=f"u{number}", disks=(), public_ip=address)
            instances.add(connection, one)
    assert ask(cloud, bandwidth_out=1)[0].public_ip == addresses[-1]
    with pytest.raises(OutOfResources) as caught:
        ask(cloud, bandwidth_out=1)
    assert caught.value.code == "LimitExceeded.EipNumLimit"
    assert ask(cloud, bandwidth_out=1, public_ip=False)[0].public_ip is None


def test_without_password_and_key_the_cloud_makes_a_password(cloud: Cloud) -> None:
    (made,) = ask(cloud, keep_image_login=False)
    assert made.password and made.password_hash and made.password_hash.startswith("$6$")
    (chosen,) = ask(cloud, keep_image_login=False, password="Sunny-Day42")
    assert chosen.password is None and chosen.password_hash
    (kept,) = ask(cloud)
    assert kept.password is None and kept.password_hash is None and kept.key_ids == ()


def test_the_default_key_is_made_once_even_under_concurrency(cloud: Cloud) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: ask(cloud, keep_image_login=False, default_key=True)[0], range(4)))
    assert len({one.key_ids for one in made}) == 1
    (key,) = key_pairs.query(cloud, REGION).items
    public = (cloud.home.keys / "id_ed25519.pub").read_text().split()[:2]
    assert key.default and key.public_key.split()[:2] == public
    assert (cloud.home.keys / "id_ed25519").stat().st_mode & 0o777 == 0o600
    (elsewhere,) = ask(cloud, keep_image_login=False, default_key=True, region="ap-beijing")
    assert elsewhere.key_ids != made[0].key_ids
    assert key_pairs.query(cloud, "ap-beijing").items[0].public_key.split()[:2] == public


def test_the_default_key_finds_a_name_when_a_user_took_its_own(cloud: Cloud) -> None:
    key_pairs.create(cloud, REGION, key_pairs.DEFAULT_NAME, kind="ed25519")
    (made,) = ask(cloud, keep_image_login=False, default_key=True)
    assert key_pairs.get(cloud, REGION, made.key_ids[0]).name == "vmsim_2"


def test_an_image_needs_its_memory(cloud: Cloud) -> None:
    with cloud.store.writing() as connection:
        images.put(connection, replace(IMAGE, memory_mib=256))
    assert refusal(cloud, type_name="LAB1.NANO128").code == "InvalidParameterValue.InvalidImageForGivenInstanceType"
    assert ask(cloud)[0].type_name == "LAB1.NANO256"


def test_without_a_built_image_it_is_said_how_to_build_it(cloud: Cloud) -> None:
    with pytest.raises(NotFound) as caught:
        ask(cloud, image="")
    assert "vmsim image build" in caught.value.hint


def test_two_first_launches_take_in_the_built_image_together(cloud: Cloud) -> None:
    from_cache = cloud_images.cached(cloud_images.TINY)
    from_cache.parent.mkdir(parents=True)
    qcow2.create_empty(from_cache, 2**30)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: cloud_images.get(cloud, "tiny"), range(8)))
    assert len({image.path for image in found}) == 1
    assert [path.name for path in cloud.home.images.iterdir()] == [found[0].path.rpartition("/")[2]]
    assert now(cloud, ask(cloud, image="tiny")[0].id).image_id == found[0].id


def test_as_many_as_there_are_addresses_for(cloud: Cloud) -> None:
    """A subnet of a /28 has 13 for guests; three are taken."""
    vpc = Vpc(ids.new("vpc"), REGION, "own", IPv4Network("10.0.0.0/16"), False)
    subnet = Subnet(ids.new("subnet"), vpc.id, REGION, "ap-guangzhou-1", "small", IPv4Network("10.0.0.0/28"), False, 77)
    with cloud.store.writing() as connection:
        networks.add_vpc(connection, vpc)
        networks.add_subnet(connection, subnet)
    there = {"vpc_id": vpc.id, "subnet_id": subnet.id, "type_name": "LAB1.NANO128"}
    assert len(ask(cloud, **there, count=3)) == 3
    with pytest.raises(OutOfResources):
        ask(cloud, **there, count=12)
    with pytest.raises(OutOfResources):
        ask(cloud, **there, count=12, fewest=11)
    made = ask(cloud, **there, count=12, fewest=2, name="n{R:1}")
    assert [one.name for one in made] == [f"n{number}" for number in range(1, 11)]
    assert query(cloud, InstanceQuery()).total == 13
