from __future__ import annotations

import io

from rich.console import Console

from vmsim.cli.live import LiveBoard


def test_a_line_each_while_it_is_under_way() -> None:
    screen = io.StringIO()
    board = LiveBoard(Console(file=screen, force_terminal=True, width=100))
    with board:
        board.show("web-1", "asking the guest to shut down")
        board.show("web-2", "the kernel is booting")
        board._live.refresh()
        board.done("web-1", "", True)
        board.done("web-2", "", False)
    drawn = screen.getvalue()
    assert "web-1" in drawn and "asking the guest to shut down" in drawn and "the kernel is booting" in drawn
