"""One request from its bytes to its envelope: read, verify, find the action, check, run, translate what went wrong.

Whatever happens the answer is an envelope with a RequestId; a bug is an InternalError on the wire and a traceback in
the log. Runs in a worker thread and may block.
"""

from __future__ import annotations

import json
import logging
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from vmsim.api import error_codes, request, signature, spec, unsimulated, validation
from vmsim.api.action import Action, Call, Raw, Reply, encoded
from vmsim.api.request import Asked, WireRequest
from vmsim.api.simulated import ACTIONS
from vmsim.api.watched import Watched
from vmsim.cloud import api_keys, temporary_keys
from vmsim.cloud.context import Cloud
from vmsim.model.errors import Missing, NotSimulated, UsageError, VmsimError
from vmsim.model.operation import Caller
from vmsim.model.regions import region

log = logging.getLogger(__name__)

Authenticate = Callable[[Cloud, WireRequest, Asked], Caller]


def signed(cloud: Cloud, wire: WireRequest, asked: Asked) -> Caller:
    """The holder of an API key. A token belongs to a temporary one; with another it is accepted and means nothing."""

    def secret_of(secret_id: str) -> str | None:
        return api_keys.secret_of(cloud, secret_id) or temporary_keys.secret_of(cloud, secret_id, asked.token)

    secret_id = signature.verify(wire, asked, secret_of, cloud.clock.now().timestamp())
    return Caller("api", secret_id)


def trusted(_cloud: Cloud, _wire: WireRequest, _asked: Asked) -> Caller:
    """Whoever reaches a socket that only the user can open."""
    return Caller("cli")


@dataclass(frozen=True)
class Dispatcher:
    """How one listening socket answers. `strict`, for tests: a reply that breaks the schema is a bug, and so is a
    parameter that was given and ignored."""

    cloud: Cloud
    authenticate: Authenticate
    strict: bool = False

    def answer(self, wire: WireRequest) -> bytes:
        """The envelope."""
        exchange = _Exchange(self, wire, _request_id())
        try:
            members = exchange.reply()
        except VmsimError as error:
            members = _members({"Error": exchange.refusal(error)})
        except Exception:  # a bug must not cost the client its envelope
            log.exception("request %s (%s) met a bug", exchange.request_id, exchange.action)
            members = _members({"Error": exchange.bug()})
        return b'{"Response": {%b"RequestId": "%b"}}' % (members, exchange.request_id.encode())


def _request_id() -> str:
    """It is no secret: uuid4 would ask the kernel for its random numbers, which takes longer."""
    return str(uuid.UUID(int=random.getrandbits(128), version=4))


def _members(reply: Reply) -> bytes:
    """The JSON of them, each followed by a comma."""
    pairs = ((encoded(name), value if isinstance(value, Raw) else encoded(value)) for name, value in reply.items())
    return b"".join(b"%b: %b, " % pair for pair in pairs)


def _parsed(reply: Reply) -> Reply:
    return {name: json.loads(value) if isinstance(value, Raw) else value for name, value in reply.items()}


def _strictly(service: spec.Service, action: Action, call: Call) -> Reply:
    """The reply, when it is what the schema says and every parameter was looked at."""
    watched = Watched(call.params)
    unsimulated.refuse(watched, action.refused)
    reply = action.run(replace(call, params=watched))
    assert not (ignored := watched.ignored()), f"{action.name} ignores {', '.join(ignored)}"
    validation.check_reply(service, action.name, _parsed(reply))
    return reply


class _Exchange:
    """What becomes known of one request while it is read; an error is told in its terms."""

    def __init__(self, dispatcher: Dispatcher, wire: WireRequest, request_id: str) -> None:
        self._dispatcher = dispatcher
        self._wire = wire
        self.request_id = request_id
        self.service = ""
        self.action = ""
        self._language = wire.header("x-tc-language")

    def reply(self) -> bytes:
        """The members of the response, as `_members` writes them."""
        asked = request.read(self._wire)
        self._language = asked.language
        caller = self._dispatcher.authenticate(self._dispatcher.cloud, self._wire, asked)
        service = _service(self._wire, asked)
        self.service, self.action = service.name, asked.action
        action = _action(service, asked)
        _check_region(asked, action)
        raw, textual = request.parameters(self._wire, asked)
        params = validation.request_parameters(service, action.name, raw, textual=textual)
        unsimulated.refuse(params, action.refused)
        unsimulated.drop(params, action.without_effect)
        call = Call(self._dispatcher.cloud, asked.region, asked.language, self.request_id, caller, params)
        if not action.remembered:
            return self._run(service, action, call)
        key = (service.name, action.name, asked.region, asked.language, json.dumps(params, sort_keys=True))
        return call.cloud.store.remembered(key, lambda: self._run(service, action, call))

    def _run(self, service: spec.Service, action: Action, call: Call) -> bytes:
        if self._dispatcher.strict:
            return _members(_strictly(service, action, call))
        return _members(action.run(call))

    def refusal(self, error: VmsimError) -> Reply:
        code = error_codes.code(error, self.service, self.action)
        if code == "InternalError":
            log.error("request %s (%s) failed", self.request_id, self.action, exc_info=error)
        return {"Code": code, "Message": error_codes.message(error, self.request_id, self._language)}

    def bug(self) -> Reply:
        told = f"vmsim met a bug; its log has the request's id. ({self.request_id[:8]})"
        return {"Code": "InternalError", "Message": told}


def _service(wire: WireRequest, asked: Asked) -> spec.Service:
    """By the credential's scope, the host's first label, or the action's own name: clients differ in what they have.

    Some products that are not simulated have actions of the same name and version, which nobody is to answer for them.
    """
    label = _label_of(wire.host)
    scope = signature.scope_service(wire) if asked.old is None else ""
    for name in (scope, label):
        if name in spec.SERVICES:
            return _in_version(spec.service(name), asked)
    if product := label or ("" if scope.lower() in _first_labels(wire.host) else scope):
        raise NotSimulated(f"The product {product} is not simulated.")
    found = spec.service_of(asked.version, asked.action)
    if found is not None:
        return found
    if asked.version not in spec.versions():
        raise UsageError(f"Version {asked.version} of no simulated product.", code="NoSuchVersion")
    raise UsageError(f"There is no action {asked.action} in version {asked.version}.", code="InvalidAction")


def _label_of(host: str) -> str:
    """The product that a host name of the cloud's own begins with."""
    name = _without_scheme(host).partition(":")[0]
    return name.partition(".")[0] if name.endswith(".tencentcloudapi.com") else ""


def _first_labels(host: str) -> set[str]:
    """What Node's and Java's SDKs take for the product, wherever the API listens: 127, localhost:8321."""
    name = _without_scheme(host)
    return {"", name.partition(".")[0], name.partition(":")[0].partition(".")[0]}


def _without_scheme(host: str) -> str:
    return host.rpartition("://")[2].rstrip("/").lower()


def _in_version(service: spec.Service, asked: Asked) -> spec.Service:
    if service.version != asked.version:
        raise UsageError(f"{service.name} has no version {asked.version}.", code="NoSuchVersion")
    return service


def _action(service: spec.Service, asked: Asked) -> Action:
    if asked.action not in service.actions:
        raise UsageError(f"{service.name} has no action {asked.action}.", code="InvalidAction")
    found = ACTIONS.get((service.name, asked.action))
    if found is None:
        raise NotSimulated(f"The action {asked.action} of {service.name} is not simulated.")
    return found


def _check_region(asked: Asked, action: Action) -> None:
    if asked.region:
        region(asked.region)
    elif action.needs_region:
        raise Missing("The request names no Region.", code="MissingParameter")
