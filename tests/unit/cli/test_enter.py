from __future__ import annotations

from vmsim.cli.enter import host_names


def test_names_are_ids_and_what_is_one_word_and_one_instances() -> None:
    there = [
        {"id": "ins-1", "name": "web", "private_ip": "10.0.0.2"},
        {"id": "ins-2", "name": "twin", "private_ip": "10.0.0.3"},
        {"id": "ins-3", "name": "twin", "private_ip": "10.0.0.4"},
        {"id": "ins-4", "name": "two words", "private_ip": "10.0.0.5"},
        {"id": "ins-5", "name": "失败", "private_ip": ""},
    ]
    assert host_names(there) == {
        "10.0.0.2": ["ins-1", "web"],
        "10.0.0.3": ["ins-2"],
        "10.0.0.4": ["ins-3"],
        "10.0.0.5": ["ins-4"],
    }
