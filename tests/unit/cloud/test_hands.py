from __future__ import annotations

import threading

from vmsim.cloud.hands import Hands

LIMIT = 5.0


def test_one_at_a_time_on_one_instance_and_others_are_free() -> None:
    hands = Hands()
    inside, leave = threading.Event(), threading.Event()
    second = threading.Event()

    def first_worker() -> None:
        with hands.on("ins-a"):
            inside.set()
            assert leave.wait(LIMIT)

    def second_worker() -> None:
        with hands.on("ins-a"):
            second.set()

    threads = [threading.Thread(target=first_worker), threading.Thread(target=second_worker)]
    threads[0].start()
    assert inside.wait(LIMIT)
    threads[1].start()
    with hands.on("ins-b"), hands.on(""), hands.on(""):
        assert not second.is_set()
    leave.set()
    assert second.wait(LIMIT)
    for thread in threads:
        thread.join(LIMIT)
    assert not hands._locks
