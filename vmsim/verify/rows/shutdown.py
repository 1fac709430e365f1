"""What a shutdown is: R1, R6, R7."""

from __future__ import annotations

from vmsim.verify.cast import TINY
from vmsim.verify.cycle import Row, Steps
from vmsim.verify.guest import STATE_LIMIT, Guest
from vmsim.verify.moment import Moment
from vmsim.verify.outside import SILENT
from vmsim.verify.proof import Proof, gone

_SHUT_OFF = "shut off (shutdown)"
_SSH = 22
_WEB = 8080


def equals_a_local_shutdown(guest: Guest, proof: Proof) -> Steps:
    """The power button, and then the very same that `poweroff` inside does."""
    yield Moment.STOPPED
    stop = guest.operations("stop")[0]["evidence"]["stop"]
    heard = stop["presses"] and stop["acknowledged"] is not None
    proof.that(bool(heard), f"the guest heard the ACPI power button ({stop['acknowledged']} s after the request)")
    proof.that(
        stop["shutdown_detail"] == "GUEST" and stop["ending"] == "shut itself down",
        f"libvirt: SHUTDOWN by {stop['shutdown_detail']}, {stop['ending']}",
    )
    state = guest.outside.domain_state()
    proof.that(state == _SHUT_OFF, f"virsh: {state}")
    tiny = guest.stage.image["ImageName"] == TINY
    left = stop["file_system"]
    proof.that(left == "clean" or (left == "unknown" and not tiny), f"file system left {left}")
    by_api = guest.outside.stop_lines()
    yield Moment.LAST
    guest.inside.power_off()
    guest.stage.until(lambda: guest.state() == "STOPPED", STATE_LIMIT, "STOPPED after `poweroff` inside")
    proof.same("virsh's word after `poweroff` inside", state, guest.outside.domain_state())
    if tiny:
        own = guest.outside.stop_lines()
        claim = f"the serial log of `poweroff` inside is the same ({len(own)} lines, from '{own[0] if own else ''}')"
        proof.that(bool(own) and own == by_api, claim if own == by_api else f"{claim}: {by_api} and {own}")


def all_services_stop(guest: Guest, proof: Proof) -> Steps:
    address = guest.described[Moment.RUNNING]["PrivateIpAddresses"][0]
    guest.inside.run(f"mkdir -p /run/www; ! command -v httpd >/dev/null || httpd -p {_WEB} -h /run/www")
    before = guest.outside.answers(address, _SSH, _WEB)
    served = [name for name, answered in before.items() if answered]
    proof.that({"ping", str(_SSH)} <= set(served), f"while RUNNING answer {', '.join(served)}")
    yield Moment.STOPPED
    after = guest.outside.answers(address, _SSH, _WEB, limit=SILENT)
    still = [name for name, answered in after.items() if answered]
    proof.that(not still, f"while STOPPED answer {', '.join(still) or 'none of them'}")
    state = guest.described[Moment.STOPPED]["InstanceState"]
    proof.that(state != "RUNNING" and gone(guest), f"InstanceState {state}, no QEMU process")


def first_stopping_then_stopped(guest: Guest, proof: Proof) -> Steps:
    """Sampled without a pause. The process is looked at after each answer, so STOPPED with QEMU there was too early."""
    yield Moment.STOPPING
    proof.that(guest.outside.domain_state().startswith("running"), "virsh: the domain runs after the acceptance")
    samples: list[tuple[str, bool]] = []

    def left() -> bool:
        state = guest.state()
        samples.append((state, not gone(guest)))
        return state != "STOPPING"

    guest.stage.until(left, STATE_LIMIT, "leaving STOPPING")
    stopping = [on for state, on in samples if state == "STOPPING"]
    operation = guest.described[Moment.STOPPING]["LatestOperationState"]
    proof.that(operation == "OPERATING", f"LatestOperationState first {operation}")
    proof.that(any(stopping), f"{stopping.count(True)} times STOPPING while QEMU still ran")
    last, on = samples[-1]
    proof.that(last == "STOPPED" and not on, f"then {last}, with QEMU {'still there' if on else 'gone'}")
    yield Moment.STOPPED
    ended = guest.described[Moment.STOPPED]
    proof.that(ended["LatestOperationState"] == "SUCCESS", f"LatestOperationState then {ended['LatestOperationState']}")


ROWS = (
    Row("R7", "The state is first STOPPING, and STOPPED when it is done", first_stopping_then_stopped),
    Row("R6", "All services stop", all_services_stop),
    Row("R1", "Equals the shutdown of a local computer", equals_a_local_shutdown),
)
