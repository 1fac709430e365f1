"""Reading what a guest says."""

from __future__ import annotations

from vmsim.verify.inside import parsed


def test_facts_are_a_word_and_the_rest() -> None:
    said = "cpus 2\nmac 52:54:00:10:00:02\nserial_vda\naddress 172.16.0.2 10.0.0.1\n\n"
    assert parsed(said) == {
        "cpus": "2",
        "mac": "52:54:00:10:00:02",
        "serial_vda": "",
        "address": "172.16.0.2 10.0.0.1",
    }
