"""NDJSON: a blocking iterator of the cloud's, line by line to a client.

Each stream has a thread of its own, so that twenty people who follow something do not use up the pool that serves
requests. A blank line every few seconds tells the client that the daemon lives (readers skip blank lines). When the
client goes away, `stop` is set: an iterator that watches it ends at once, any other at its next item. An error ends the
stream with `{"error": …}` as its last line.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from starlette.responses import StreamingResponse

from vmsim.local import errors
from vmsim.model.errors import VmsimError

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/x-ndjson"
HEARTBEAT = 5.0


class _Pump:
    """Moves the items of a blocking iterator into an asyncio queue; None is the end."""

    def __init__(self, open_source: Callable[[threading.Event], Iterator[Any]]) -> None:
        self._open = open_source
        self._stop = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()

    def _put(self, line: str | None) -> None:
        # The loop may be closed already when the daemon ends while a source still waits for its next item.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._lines.put_nowait, line)

    def _run(self) -> None:
        try:
            for item in self._open(self._stop):
                if self._stop.is_set():
                    break
                self._put(json.dumps(item, ensure_ascii=False))
        except VmsimError as error:
            self._put(json.dumps(errors.as_json(error), ensure_ascii=False))
        except Exception as error:
            log.error("bug in a stream of the local API", exc_info=error)
            self._put(json.dumps(errors.as_json(error), ensure_ascii=False))
        finally:
            self._put(None)

    async def lines(self) -> AsyncIterator[str]:
        threading.Thread(target=self._run, name="stream", daemon=True).start()
        try:
            while True:
                try:
                    line = await asyncio.wait_for(self._lines.get(), HEARTBEAT)
                except asyncio.TimeoutError:
                    yield "\n"
                    continue
                if line is None:
                    return
                yield line + "\n"
        finally:
            self._stop.set()


def ndjson(open_source: Callable[[threading.Event], Iterator[Any]]) -> StreamingResponse:
    """A response that streams what `open_source(stop)` yields, already JSON-able."""
    return StreamingResponse(_Pump(open_source).lines(), media_type=MEDIA_TYPE)
