"""May this be asked of an instance now? One order of precedence for everything that is asked of one (decisions 7)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from vmsim.model import ids as model_ids
from vmsim.model.errors import Busy, Missing, NotFound, Refused, UsageError, WrongState
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import ACTIONS, OPERATIONS, InstanceState, Verb, allowed

MOST_IDS = 100
_POSSIBLE_WHILE_NOT_CHARGED = frozenset({Verb.START, Verb.TERMINATE})


def named(ids: Sequence[str]) -> list[str]:
    """The ids of a request, each once."""
    wanted = list(dict.fromkeys(model_ids.check("ins", one) for one in ids))
    if not wanted:
        raise Missing("No instance was named.", code="MissingParameter")
    if len(ids) > MOST_IDS:
        raise UsageError(
            f"{len(ids)} instances were named; at most {MOST_IDS} are possible.",
            code="InvalidParameterValue.LimitExceeded",
        )
    return wanted


def known(instance: Instance | None, ident: str, region: str | None) -> Instance:
    if instance is None or (region is not None and instance.region != region):
        raise NotFound("instance", ident, code="InvalidInstanceId.NotFound")
    return instance


def demand(verb: Verb, instance: Instance, *, force: bool = False) -> None:
    """Raises what the state table says of an operation."""
    row = OPERATIONS[verb]
    states = row.allowed | row.allowed_with_force if force else row.allowed
    not_charged = verb in _POSSIBLE_WHILE_NOT_CHARGED
    demand_state(ACTIONS[verb], instance, states, hint=_way_out(verb, instance), while_not_charged=not_charged)


def demand_state(
    action: str,
    instance: Instance,
    states: Collection[InstanceState],
    *,
    hint: str = "",
    while_not_charged: bool = False,
) -> None:
    """Precedence: a state it passes through, another operation, the stop without charging, any other wrong state."""
    wrong = WrongState(action, instance.id, instance.state.value, hint=hint)
    if instance.state.transitional:
        raise wrong
    if instance.operating:
        doing = ACTIONS[instance.latest.verb] if instance.latest.verb else "an operation"
        raise Busy(
            f"{action} is not possible now: {doing} is under way on instance {instance.id}.",
            hint="Wait for it to end.",
        )
    if instance.stop_charging and not while_not_charged:
        raise Refused(
            f"Instance {instance.id} was stopped without charging: only start and terminate are possible.",
            hint=f"`vmsim start {instance.id}` first.",
            code="UnsupportedOperation.StoppedModeStopCharging",
        )
    if instance.state not in states:
        raise wrong


def _way_out(verb: Verb, instance: Instance) -> str:
    if instance.state.transitional:
        return f"It is {instance.state.words}; wait for it to end."
    if allowed(verb, instance.state, force=True):
        return f"`vmsim stop {instance.id}` first, or use --force."
    return ""
