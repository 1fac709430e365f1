from __future__ import annotations

from vmsim.api import reference, spec
from vmsim.api.reference import Parameter, Treatment
from vmsim.api.simulated import ACTIONS


def parameters(action: str) -> dict[str, Parameter]:
    return {one.place: one for one in reference.entry("cvm", action).parameters}


def test_every_published_action_is_told() -> None:
    told = {(entry.service, entry.name): entry.treatment for entry in reference.entries()}
    published = {(name, action) for name in spec.SERVICES for action in spec.service(name).actions}
    assert set(told) == published
    assert {key for key, treatment in told.items() if treatment is Treatment.SIMULATED} == set(ACTIONS)


def test_a_parameter_is_told_as_the_dispatcher_treats_it() -> None:
    found = parameters("RunInstances")
    zone = found["Placement.Zone"]
    assert (zone.kind, zone.required, zone.treatment) == ("string", True, Treatment.SIMULATED)
    assert found["EnhancedService"].treatment is Treatment.WITHOUT_EFFECT
    assert found["NetworkInterfaces"].treatment is Treatment.REFUSED
    assert found["SystemDisk.DiskType"].words.startswith("only CLOUD_BASIC, ")
    resize = parameters("ResizeInstanceDisks")
    assert resize["SystemDisk.DiskType"].treatment is Treatment.PARTLY


def test_an_object_whose_members_are_all_alike_is_told_once() -> None:
    found = parameters("RunInstances")
    assert found["LoginSettings"].treatment is Treatment.SIMULATED
    assert not any(place.startswith("LoginSettings.") for place in found)


def test_a_refused_action_has_no_parameters() -> None:
    assert reference.entry("cvm", "AllocateHosts").parameters == ()
