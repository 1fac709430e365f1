from __future__ import annotations

from vmsim.cli.enter import host_names


def test_names_are_ids_and_what_is_one_word_and_one_instances() -> None:
    there = [
        {"id": "ins-1", "name": "web", "host_name": "web", "private_ip": "10.0.0.2"},
        {"id": "ins-2", "name": "twin", "host_name": "ins-2", "private_ip": "10.0.0.3"},
        {"id": "ins-3", "name": "twin", "host_name": "front-1.example", "private_ip": "10.0.0.4"},
        {"id": "ins-4", "name": "two words", "host_name": "ins-4", "private_ip": "10.0.0.5"},
        {"id": "ins-5", "name": "失败", "host_name": "ins-5", "private_ip": ""},
        {"id": "ins-6", "name": "mail", "host_name": "shop", "private_ip": "10.0.0.6"},
        {"id": "ins-7", "name": "shop", "host_name": "ins-7", "private_ip": "10.0.0.7"},
    ]
    assert host_names(there) == {
        "10.0.0.2": ["ins-1", "web"],
        "10.0.0.3": ["ins-2"],
        "10.0.0.4": ["ins-3", "front-1.example"],
        "10.0.0.5": ["ins-4"],
        "10.0.0.6": ["ins-6", "mail"],
        "10.0.0.7": ["ins-7"],
    }
