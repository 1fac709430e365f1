"""The daemon is killed at every named step of what is done to an EIP from its allocation to its release, and of
deleting a subnet."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from .crashes import Crasher, crashing_home, nothing_left_over
from .homes import View, until

pytestmark = pytest.mark.guest

Act = Callable[[], object]


@pytest.fixture(scope="module")
def crash(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crasher]:
    with crashing_home(tmp_path_factory.mktemp("crash") / "home") as crasher:
        yield crasher


@pytest.fixture(scope="module")
def guest(crash: Crasher) -> str:
    """Off: an address is bound to it all the same."""
    (made,) = crash.cloud.launch("crash", wait=False)
    crash.cloud.do(made["id"], "stop", stop_type="HARD")
    return str(made["id"])


@pytest.fixture(scope="module")
def eip(crash: Crasher) -> str:
    (ident,) = crash.cloud.api("AllocateAddresses")["AddressSet"]
    reaches(crash, ident, "UNBIND")
    return str(ident)


def shown(crash: Crasher, ident: str) -> View:
    (found,) = crash.cloud.api("DescribeAddresses", AddressIds=[ident])["AddressSet"]
    return dict(found)


def reaches(crash: Crasher, ident: str, status: str) -> None:
    until(lambda: shown(crash, ident)["AddressStatus"] == status)


def at_every_step(crash: Crasher, kind: str, before: Act, ask: Act, after: Act) -> None:
    """Once for its steps, then once for each with a kill there; `after` waits for the end and looks."""

    def whole() -> None:
        ask()
        after()

    before()
    steps = [step for step in crash.steps_of(whole) if step.startswith(f"{kind}.")]
    assert {f"{kind}.accepted", f"{kind}.settle"} <= set(steps), steps
    for step in steps:
        before()
        print(step, flush=True)
        crash.killed_at(step, ask)
        after()
        nothing_left_over(crash.cloud)


def test_bind_and_unbind(crash: Crasher, guest: str, eip: str) -> None:
    cloud = crash.cloud
    address = shown(crash, eip)["AddressIp"]

    def bind() -> None:
        cloud.api("AssociateAddress", AddressId=eip, InstanceId=guest)

    def unbind() -> None:
        cloud.api("DisassociateAddress", AddressId=eip)

    def bound() -> None:
        reaches(crash, eip, "BIND")
        assert cloud.described(guest)["PublicIpAddresses"] == [address]

    def free() -> None:
        reaches(crash, eip, "UNBIND")
        assert cloud.described(guest)["PublicIpAddresses"] is None

    def freed() -> None:
        if shown(crash, eip)["AddressStatus"] == "BIND":
            unbind()
            free()

    def held() -> None:
        bind()
        bound()

    at_every_step(crash, "bind-address", freed, bind, bound)
    freed()
    at_every_step(crash, "unbind-address", held, unbind, free)


def test_a_transformation(crash: Crasher) -> None:
    """The address is the guest's all the while; in between it is made an ordinary one again."""
    cloud = crash.cloud
    (made,) = cloud.launch("public", wait=False, bandwidth_out=5)
    guest = made["id"]
    cloud.do(guest, "stop", stop_type="HARD")
    address: list[str] = []

    def found() -> list[View]:
        return list(cloud.api("DescribeAddresses", Filters=[{"Name": "instance-id", "Values": [guest]}])["AddressSet"])

    def ordinary() -> None:
        for held in found():
            cloud.api("DisassociateAddress", AddressId=held["AddressId"], ReallocateNormalPublicIp=True)
            reaches(crash, held["AddressId"], "UNBIND")
            cloud.api("ReleaseAddresses", AddressIds=[held["AddressId"]])
        address[:] = cloud.described(guest)["PublicIpAddresses"]

    def elastic() -> None:
        (held,) = found()
        reaches(crash, held["AddressId"], "BIND")
        assert cloud.described(guest)["PublicIpAddresses"] == address == [held["AddressIp"]]

    at_every_step(crash, "bind-address", ordinary, lambda: cloud.api("TransformAddress", InstanceId=guest), elastic)
    ordinary()
    cloud.do(guest, "terminate")


def test_another_bandwidth(crash: Crasher, guest: str, eip: str) -> None:
    cloud = crash.cloud
    if shown(crash, eip)["AddressStatus"] != "BIND":
        cloud.api("AssociateAddress", AddressId=eip, InstanceId=guest)
        reaches(crash, eip, "BIND")
    wanted = [7]

    def shape() -> None:
        wanted[0] += 1
        task = cloud.api("ModifyAddressesBandwidth", AddressIds=[eip], InternetMaxBandwidthOut=wanted[0])["TaskId"]
        # It is to be seen before it is settled.
        until(lambda: cloud.api("DescribeTaskResult", TaskId=int(task))["Result"] != "RUNNING")

    def shaped() -> None:
        until(lambda: shown(crash, eip)["Bandwidth"] == wanted[0])
        until(lambda: cloud.described(guest)["InternetAccessible"]["InternetMaxBandwidthOut"] == wanted[0])
        rate = f"{wanted[0] * 125_000} bytes/second"
        until(lambda: rate in cloud.in_lab("nft", "list", "table", "inet", "vmsim"))

    at_every_step(crash, "shape-addresses", lambda: None, shape, shaped)


def test_allocate(crash: Crasher) -> None:
    """Killed before it has answered, there is one all the same, and no half of one."""
    cloud = crash.cloud

    def there() -> list[View]:
        return list(cloud.api("DescribeAddresses", Filters=[{"Name": "address-name", "Values": ["new"]}])["AddressSet"])

    def none() -> None:
        for each in there():
            cloud.api("ReleaseAddresses", AddressIds=[each["AddressId"]])
        until(lambda: not there())

    def one() -> None:
        until(lambda: [each["AddressStatus"] for each in there()] == ["UNBIND"])

    at_every_step(crash, "allocate-addresses", none, lambda: cloud.api("AllocateAddresses", AddressName="new"), one)
    none()


def test_release(crash: Crasher) -> None:
    cloud = crash.cloud
    made: list[str] = []

    def allocate() -> None:
        made[:] = cloud.api("AllocateAddresses")["AddressSet"]
        reaches(crash, made[0], "UNBIND")

    at_every_step(
        crash,
        "release-addresses",
        allocate,
        lambda: cloud.api("ReleaseAddresses", AddressIds=made),
        lambda: until(lambda: not cloud.api("DescribeAddresses", AddressIds=made)["AddressSet"]),
    )


def test_a_subnet_whose_network_outlives_its_record(crash: Crasher) -> None:
    """The daemon died in between. A guest of the next subnet, which has the same number and bridge, finds it gone."""
    cloud = crash.cloud
    vpc = cloud.api("CreateVpc", VpcName="net", CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]

    def subnet(cidr: str) -> str:
        asked = {"VpcId": vpc, "SubnetName": "sub", "Zone": "ap-guangzhou-3", "CidrBlock": cidr}
        return str(cloud.api("CreateSubnet", **asked)["Subnet"]["SubnetId"])

    def guest_in(ident: str) -> str:
        place: View = {"vpc_id": vpc, "subnet_id": ident, "zone": "ap-guangzhou-3"}
        (made,) = cloud.launch("in", wait=False, **place)
        return str(made["id"])

    first = subnet("10.8.1.0/28")
    cloud.do(guest_in(first), "terminate")
    crash.killed_at("delete-subnet.recorded", lambda: cloud.api("DeleteSubnet", SubnetId=first))
    second = subnet("10.8.2.0/28")
    made = guest_in(second)
    networks = cloud.virsh("net-list", "--all", "--name").split()
    assert first not in networks and second in networks
    cloud.do(made, "terminate")
    nothing_left_over(cloud)
