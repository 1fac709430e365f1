"""What becomes of every published action and parameter here, read from what the dispatcher enforces.

`docs/api/` and `vmsim actions` show it. A parameter is named by its place in the request; an object whose every member
is treated alike, or that is refused whole, is one entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from vmsim.api import spec
from vmsim.api.action import Action
from vmsim.api.simulated import ACTIONS


class Treatment(str, Enum):
    """What is done with a parameter that is given, or with an action that is called."""

    SIMULATED = "simulated"
    PARTLY = "partly"
    WITHOUT_EFFECT = "without effect"
    REFUSED = "refused"


@dataclass(frozen=True)
class Parameter:
    """One place in a request. `words` say which values, or why."""

    place: str
    kind: str
    required: bool
    treatment: Treatment
    words: str = ""


@dataclass(frozen=True)
class Entry:
    """One published action; of a refused one nobody needs the parameters."""

    service: str
    name: str
    treatment: Treatment
    parameters: tuple[Parameter, ...] = ()


def entries() -> Iterator[Entry]:
    """Every published action of every service that is known, by service and name."""
    for service in spec.SERVICES:
        for name in sorted(spec.service(service).actions):
            yield entry(service, name)


def entry(service: str, name: str) -> Entry:
    action = ACTIONS.get((service, name))
    if action is None:
        return Entry(service, name, Treatment.REFUSED)
    found = spec.service(service)
    return Entry(service, name, Treatment.SIMULATED, tuple(_parameters(action, found, found.request(name), "")))


def _parameters(action: Action, service: spec.Service, object_name: str, group: str) -> Iterator[Parameter]:
    for name, member in sorted(service.members(object_name).items(), key=lambda item: not item[1].required):
        place = f"{group}{name}"
        own = _own(action, place, member)
        if own.treatment is Treatment.SIMULATED and member.kind not in spec.PLAIN_KINDS:
            yield from _together(own, tuple(_parameters(action, service, member.kind, f"{place}.")))
        else:
            yield own


def _together(whole: Parameter, members: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """The members, or the object alone when that says the same."""
    alike = {(member.treatment, member.words) for member in members}
    if alike == {(Treatment.SIMULATED, "")} and not whole.words:
        return (whole,)
    return members


def _own(action: Action, place: str, member: spec.Member) -> Parameter:
    treatment, words = _treatment(action, place)
    kind = f"list of {member.kind}" if member.is_list else member.kind
    return Parameter(place, kind, member.required, treatment, words)


def _treatment(action: Action, place: str) -> tuple[Treatment, str]:
    if place in action.without_effect:
        return Treatment.WITHOUT_EFFECT, action.without_effect[place]
    if place in action.refused:
        simulated = sorted(action.refused[place].simulated)
        return (Treatment.PARTLY, f"only {', '.join(simulated)}") if simulated else (Treatment.REFUSED, "")
    if place in action.limits:
        return Treatment.PARTLY, action.limits[place]
    return Treatment.SIMULATED, ""
