"""The API as the way to it, and what follows a shutdown: R24, R25."""

from __future__ import annotations

from vmsim.model.password import random_password
from vmsim.verify.cycle import Row, Steps
from vmsim.verify.guest import Guest, refusal
from vmsim.verify.moment import Moment
from vmsim.verify.proof import Proof

_STOPPED_CODE = "UnsupportedOperation.InstanceStateStopped"
_FORGED = "AuthFailure.SignatureFailure"
_FOLLOW_UPS = ("reset-type", "resize-disk", "reset-password", "associate-keys")


def by_the_api(guest: Guest, proof: Proof) -> Steps:
    forger = guest.stage.api.with_wrong_key()
    code = refusal(forger.call, "StopInstances", InstanceIds=[guest.id])
    proof.that(code == _FORGED, f"StopInstances with a wrong signature: {code or 'accepted'}")
    proof.that(guest.state() == "RUNNING", "and the instance RUNNING as before")
    yield Moment.STOPPED
    asked = guest.stopped_by
    assert asked is not None
    stop = guest.operations("stop")[0]
    off = stop["evidence"]["stop"]["process_gone"]
    answered = f"StopInstances answered after {asked.seconds:.3f} s, the guest was off after {off} s"
    proof.that(asked.seconds < off, answered)
    shown = guest.described[Moment.STOPPED]
    told = (shown["LatestOperation"], shown["LatestOperationState"], shown["LatestOperationRequestId"])
    proof.that(told == ("StopInstances", "SUCCESS", asked.request_id), f"{told[0]} {told[1]}, by its RequestId")
    caller = stop["caller"]
    mine = caller == {"how": "api", "who": guest.stage.api.secret_id}
    proof.that(mine, f"done for the API key {caller['who']}" if mine else f"done for {caller}")
    again = refusal(guest.act, "StopInstances")
    proof.that(again == _STOPPED_CODE, f"once more: {again or 'accepted'}")


def follow_ups(guest: Guest, proof: Proof) -> Steps:
    """All four on this one guest: the rows before it did three of them."""
    shadow = "sed -n 's/^root:\\([^:]*\\):.*/\\1/p' /etc/shadow"
    before = guest.inside.run(shadow)
    yield Moment.STOPPED
    guest.act("ResetInstancesPassword", Password=random_password())
    guest.settled("STOPPED")
    yield Moment.AGAIN
    for verb in _FOLLOW_UPS:
        done = guest.operations(verb)
        good = bool(done) and all(
            each["state"] == "SUCCESS" and each["began_in"] == "STOPPED" and not each["force"] for each in done
        )
        proof.that(good, f"{verb} from STOPPED {'succeeded' if good else done}")
    proof.that(guest.inside.run(shadow) != before, "the password's hash inside is another")
    started = guest.described[Moment.AGAIN]
    proof.that(started["InstanceState"] == "RUNNING", f"StartInstances after it: {started['InstanceState']}")


STOP_ROWS = (Row("R24", "Shutdown through the StopInstances API", by_the_api),)
FOLLOW_UP_ROWS = (Row("R25", "Type, disk, password and key can follow a shutdown", follow_ups),)
