"""STOP_CHARGING's part in the address: a start gives back what the stop took, and nothing else."""

from __future__ import annotations

import pytest

from cloud_fixture import launched, now, put, submit
from vmsim.cloud import state
from vmsim.cloud.context import Cloud
from vmsim.cloud.hardware import domain_spec
from vmsim.cloud.operations_log import operation
from vmsim.cloud.tasks import perform
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import InstanceState, Verb
from vmsim.model.operation import OperationRecord

NOT_CHARGED = {"stop_type": "HARD", "stopped_mode": "STOP_CHARGING"}


def running(cloud: Cloud, assigned: bool | None) -> Instance:
    """One with bandwidth, and with a domain that runs."""
    instance = launched(cloud, InstanceState.RUNNING, bandwidth_out=5, public_ip=assigned)
    cloud.home.instance(instance.id).mkdir(parents=True)
    cloud.domains.define(domain_spec(cloud, instance))
    cloud.domains.start(instance.uuid)
    return instance


def asked(cloud: Cloud, verb: Verb, instance: Instance) -> OperationRecord:
    (record,) = submit(cloud, verb, instance.id, arguments=NOT_CHARGED if verb is Verb.STOP else {})
    return record


@pytest.mark.parametrize("assigned", [None, True, False])
def test_a_start_gives_back_only_what_the_stop_took(cloud: Cloud, assigned: bool | None) -> None:
    """One that was launched with bandwidth and without an address (PublicIpAssigned) has none afterwards either."""
    instance = running(cloud, assigned)
    perform(cloud, asked(cloud, Verb.STOP, instance).id)
    stopped = now(cloud, instance.id)
    assert (stopped.stop_charging, stopped.public_ip, stopped.bandwidth_out) == (True, None, 5)
    for _ in range(2):  # a start that fails takes it again, and so does the next one
        record = asked(cloud, Verb.START, instance)
        assert (now(cloud, instance.id).public_ip is None) == (assigned is False)
        perform(cloud, record.id)
        assert now(cloud, instance.id).public_ip is None, "there is no network on this libvirt"


def test_a_stop_killed_after_it_took_the_address_remembers_it(cloud: Cloud) -> None:
    instance = running(cloud, None)
    record = asked(cloud, Verb.STOP, instance)
    state.evidence(cloud, record, {"released": instance.public_ip})
    put(cloud, instance.id, public_ip=None)
    perform(cloud, record.id)
    assert operation(cloud, record.id).evidence["released"] == instance.public_ip
    asked(cloud, Verb.START, instance)
    assert now(cloud, instance.id).public_ip is not None


def test_what_an_older_vmsim_stopped_gets_an_address(cloud: Cloud) -> None:
    """It did not note what a stop took."""
    instance = running(cloud, None)
    put(cloud, instance.id, state=InstanceState.STOPPED, stop_charging=True, public_ip=None)
    asked(cloud, Verb.START, instance)
    assert now(cloud, instance.id).public_ip is not None
