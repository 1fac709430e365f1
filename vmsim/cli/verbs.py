"""One verb for several instances: all are asked first, then all are followed, then a line each says what came of it.

The command line asks instance by instance (Tencent's API would refuse a whole batch for one), so each has its own
outcome: 0 when all were done, 3 when some were, 1 when none was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from vmsim.cli import errors, evidence, follow, names, output
from vmsim.cli.session import Session, say
from vmsim.client import Client
from vmsim.model.errors import VmsimError
from vmsim.model.lifecycle import InstanceState, Verb, allowed

Ask = Callable[[Client, dict[str, Any]], dict[str, Any]]
Wait = Callable[[Client, dict[str, Any], follow.Show], dict[str, Any]]


@dataclass(frozen=True)
class Plan:
    """What to ask of each instance, and what to say when it is done."""

    verb: Verb
    done: str
    arguments: dict[str, Any] = field(default_factory=dict)
    force: bool = False
    wait: bool = True
    then_login: float | None = None
    """Wait for the login after it, this long without progress; None: do not."""
    escalate: bool = False


@dataclass
class Result:
    """What became of one instance."""

    label: str
    instance_id: str = ""
    operation: dict[str, Any] | None = None
    error: VmsimError | None = None
    text: str = ""
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        error = self.error
        shown = None if error is None else {"kind": type(error).__name__, "message": error.message, "hint": error.hint}
        return {
            "name": self.label.partition(" (")[0],
            "id": self.instance_id,
            "ok": error is None,
            "text": self.text,
            "seconds": round(self.seconds, 3),
            "error": shown,
            "operation": self.operation,
        }


def carry_out(session: Session, given: Sequence[str], everything: bool, plan: Plan, form: str) -> None:
    """The whole command. Leaves by Click's Exit with the code."""
    names.required(given, everything)
    report(results(session.client, given, everything, plan), form)


def results(client: Client, given: Sequence[str], everything: bool, plan: Plan) -> list[Result]:
    """Ask all, follow all."""
    found = _asked(client, given, everything, plan)
    running = [result for result in found if result.error is None]
    if plan.wait:
        jobs = [follow.Job(result.label, _waiting(client, result, plan)) for result in running]
        for result, ended in zip(running, follow.side_by_side(jobs), strict=True):
            result.error, result.seconds = ended.error, ended.seconds
            result.operation = ended.value or result.operation
    for result in found:
        result.text = _text(result, plan)
    return found


def report(found: Sequence[Result], form: str) -> None:
    """Print a line each, or JSON, and leave with the exit code. What failed is said on standard error."""
    if form == "json":
        output.print_json({"results": [result.as_json() for result in found]})
    else:
        for result in found:
            click.echo(f"{result.label}: {result.text}", err=result.error is not None)
    raise click.exceptions.Exit(exit_code([result.error for result in found]))


def exit_code(ended: Sequence[VmsimError | None]) -> int:
    failed = [error for error in ended if error is not None]
    if not failed:
        return errors.DONE
    if any(errors.code(error) == errors.BUG for error in failed):
        return errors.BUG
    return errors.FAILED if len(failed) == len(ended) else errors.PARTLY


def _asked(client: Client, given: Sequence[str], everything: bool, plan: Plan) -> list[Result]:
    """Ask for the operation on each; what is refused says so in its result."""
    asked: list[Result] = []
    seen: set[str] = set()
    for name, instance in _meant(client, given, everything, plan):
        if isinstance(instance, VmsimError):
            asked.append(Result(name, error=instance))
        elif instance["id"] not in seen:
            seen.add(instance["id"])
            asked.append(_ask(client, instance, plan))
    if not asked:
        say(f"There is no instance to {plan.verb.value}.")
    return asked


def _meant(
    client: Client, given: Sequence[str], everything: bool, plan: Plan
) -> list[tuple[str, dict[str, Any] | VmsimError]]:
    """The instances of the command line; --all takes those whose state allows it."""
    if everything:
        found = client.get("/v1/instances")["instances"]
        return [(item["name"], item) for item in found if _possible(item, plan)]
    result: list[tuple[str, dict[str, Any] | VmsimError]] = []
    for name in given:
        try:
            result.append((name, names.one(client, name)))
        except VmsimError as error:
            result.append((name, error))
    return result


def _possible(instance: dict[str, Any], plan: Plan) -> bool:
    state = InstanceState(instance["state"])
    return allowed(plan.verb, state, force=plan.force) or (plan.escalate and being_stopped(instance))


def being_stopped(instance: dict[str, Any]) -> bool:
    """Is a stop or a reboot under way, which can be cut short?"""
    return instance["state"] in ("STOPPING", "REBOOTING")


def _ask(client: Client, instance: dict[str, Any], plan: Plan) -> Result:
    result = Result(names.label(instance), instance["id"])
    body = {"verb": plan.verb.value, "arguments": plan.arguments, "force": plan.force}
    try:
        if plan.escalate and being_stopped(instance):
            reply = client.post(names.path(instance["id"], "escalate"))
        else:
            reply = client.post(names.path(instance["id"], "operations"), body)
        result.operation = reply["operation"]
    except VmsimError as error:
        result.error = error
    return result


def _waiting(client: Client, result: Result, plan: Plan) -> Callable[[follow.Show], dict[str, Any]]:
    def work(show: follow.Show) -> dict[str, Any]:
        assert result.operation is not None
        settled = follow.operation(client, result.operation, show)
        if plan.then_login is not None:
            follow.login(client, result.instance_id, plan.then_login, show)
        return settled

    return work


def _text(result: Result, plan: Plan) -> str:
    if result.error is not None:
        return errors.one_line(result.error)
    assert result.operation is not None
    if not plan.wait:
        return f"asked to {plan.verb.value} (operation {result.operation['id']})"
    how = evidence.ending(result.operation) if plan.verb is Verb.STOP else ""
    if result.operation["verb"] == Verb.ISOLATE.value:
        return f"in the recycle bin; terminate it again to end it ({result.seconds:.1f} s)"
    return f"{plan.done}{f': {how}' if how else ''} ({result.seconds:.1f} s)"
