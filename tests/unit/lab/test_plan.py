from __future__ import annotations

from vmsim.lab.plan import Plan


def test_a_plan_goes_over_a_socket_as_one_line() -> None:
    plan = Plan(
        home="/h\n", runtime="/r", libvirt="/l", logs="/o", boot="b", daemon=["python", "-m", "x"],
        libvirtd="/usr/sbin/l",        sockets={"tcp": 3}, log_bytes=1, down_limit=2.5, kept=["/k"], connections=4,
    )  # fmt: skip
    assert "\n" not in plan.to_json()
    assert Plan.from_json(plan.to_json()) == plan
