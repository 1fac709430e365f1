"""`vmsim verify`, from its options to its exit code."""

from __future__ import annotations

from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from vmsim.verify.cycle import play
from vmsim.verify.report import Report
from vmsim.verify.rows import CYCLES
from vmsim.verify.stage import Stage, keep, stage

SIDE_BY_SIDE = 2
"""Two cores carry about two booting guests under emulation."""


def run(*, image: str = "tiny", output: str = "table") -> int:
    """0 when every sentence holds, else 1. Raises VmsimError when there is nothing to prove it on."""
    report = Report(output)
    with stage(image, report.progress) as on:
        report.accelerator = on.client.get("/v1/status")["accelerator"]["accelerator"]
        report.given_up = on.cancelled.is_set
        _play_all(on, report)
        kept = "" if report.passed else str(keep(on, report.as_json()))
    report.finish()
    if kept:
        report.progress(f"Logs and verdicts are kept in {kept}")
    return 0 if report.passed else 1


def _play_all(on: Stage, report: Report) -> None:
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        try:
            playing = [pool.submit(play, cycle, on, report.decided, report.progress) for cycle in CYCLES]
            for each in wait(playing, return_when=FIRST_EXCEPTION).done:
                each.result()
        except BaseException:
            on.cancel()  # the players end, and only then can the pool
            raise
