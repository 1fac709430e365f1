"""A subnet is deleted, or launched into, and never both."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from cloud_fixture import CALLER, REGION, request
from vmsim.cloud import subnets, vpcs
from vmsim.cloud.context import Cloud
from vmsim.cloud.launch import launch
from vmsim.cloud.subnets import SubnetRequest
from vmsim.cloud.vpcs import Options
from vmsim.model.errors import VmsimError
from vmsim.store import instances

ZONE = f"{REGION}-3"
ROUNDS = 20


def test_deleting_and_launching_at_once(cloud: Cloud) -> None:
    vpc = vpcs.create(cloud, REGION, "10.0.0.0/16", Options(name="net"), {})
    for number in range(ROUNDS):
        wanted = SubnetRequest("sub", ZONE, f"10.0.{number}.0/24")
        (subnet,) = subnets.create(cloud, REGION, vpc.id, [wanted], {})
        together = Barrier(2)

        def delete(ident: str = subnet.id, together: Barrier = together) -> str:
            together.wait()
            subnets.delete(cloud, REGION, ident)
            return "deleted"

        def into(ident: str = subnet.id, together: Barrier = together) -> str:
            asked = request(zone=ZONE, vpc_id=vpc.id, subnet_id=ident)
            together.wait()
            launch(cloud, asked, caller=CALLER, request_id="asked")
            return "launched"

        with ThreadPoolExecutor(2) as pool:
            both = [pool.submit(each) for each in (delete, into)]
        done = [each.result() for each in both if each.exception() is None]
        refused = [each.exception() for each in both if each.exception() is not None]
        assert len(done) == 1 and all(isinstance(each, VmsimError) for each in refused), (done, refused)
        with cloud.store.reading() as connection:
            assert bool(instances.in_subnet(connection, subnet.id)) == (done == ["launched"])
