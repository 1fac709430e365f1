from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from vmsim.local import streams
from vmsim.model.errors import TimedOut

from .serving import until


def _read(source: Any) -> list[str]:
    async def collect() -> list[str]:
        response = streams.ndjson(source)
        return [str(line) async for line in response.body_iterator]

    return asyncio.run(collect())


def test_items_become_lines() -> None:
    assert _read(lambda _stop: iter([{"a": 1}, {"b": "ü"}])) == ['{"a": 1}\n', '{"b": "ü"}\n']


def test_an_error_is_the_last_line() -> None:
    def source(_stop: threading.Event) -> Iterator[Any]:
        yield {"a": 1}
        raise TimedOut("too late")

    lines = [json.loads(line) for line in _read(source)]
    assert lines[0] == {"a": 1}
    assert lines[1]["error"]["kind"] == "TimedOut"


def test_a_bug_is_said_too(caplog: pytest.LogCaptureFixture) -> None:
    def source(_stop: threading.Event) -> Iterator[Any]:
        raise KeyError("oops")
        yield

    assert json.loads(_read(source)[0])["error"]["kind"] == "Bug"
    assert "bug in a stream" in caplog.text


def test_silence_is_filled_with_blank_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT", 0.01)
    go = threading.Event()

    def source(_stop: threading.Event) -> Iterator[Any]:
        go.wait(5)
        yield {"a": 1}

    async def collect() -> list[str]:
        lines = []
        async for line in streams.ndjson(source).body_iterator:
            lines.append(str(line))
            go.set()
        return lines

    lines = asyncio.run(collect())
    assert lines[0] == "\n" and lines[-1] == '{"a": 1}\n'


def test_a_reader_that_goes_away_ends_the_source() -> None:
    ended = threading.Event()

    def source(stop: threading.Event) -> Iterator[Any]:
        yield {"a": 1}
        stop.wait(5)
        if stop.is_set():
            ended.set()

    async def one() -> None:
        lines = streams.ndjson(source).body_iterator
        await lines.__anext__()  # type: ignore[attr-defined]
        await lines.aclose()  # type: ignore[attr-defined]

    asyncio.run(one())
    until(ended.is_set)
