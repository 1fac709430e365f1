"""Parameters that know which of them were looked at: in tests, what is given and ignored is a bug."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class Watched(dict[str, Any]):
    """A request's parameters at every depth."""

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__({name: _watched(value) for name, value in params.items()})
        self._seen: set[str] = set()

    def ignored(self) -> list[str]:
        """The places of what nobody looked at."""
        return [place for name, value in super().items() for place in _ignored(name, value, name in self._seen)]

    def __getitem__(self, name: str) -> Any:
        self._seen.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self._seen.add(name)
        return super().get(name, default)

    def __iter__(self) -> Iterator[str]:
        self._seen.update(super().keys())
        return super().__iter__()

    def items(self) -> Any:
        self._seen.update(super().keys())
        return super().items()

    def values(self) -> Any:
        self._seen.update(super().keys())
        return super().values()


def _watched(value: Any) -> Any:
    if isinstance(value, dict):
        return Watched(value)
    return [_watched(item) for item in value] if isinstance(value, list) else value


def _ignored(place: str, value: Any, seen: bool) -> Iterator[str]:
    if not seen:
        yield place
        return
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, Watched):
            yield from (f"{place}.{inner}" for inner in item.ignored())
