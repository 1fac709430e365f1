from __future__ import annotations

from vmsim.lab.inside import hosts_file


def test_guests_are_added_to_what_the_machine_has() -> None:
    text = hosts_file("127.0.0.1 localhost", {"10.0.0.2": ["ins-1", "web"], "10.0.0.3": ["ins-2"]})
    assert text == "127.0.0.1 localhost\n10.0.0.2 ins-1 web\n10.0.0.3 ins-2\n"
