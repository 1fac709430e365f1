"""The moments of a guest's life that rows wait for, in their order."""

from __future__ import annotations

from enum import IntEnum


class Moment(IntEnum):
    """A row begins at RUNNING and yields the moment at which it wants to go on."""

    RUNNING = 0
    """Somebody is logged in; nothing was changed."""
    STOPPING = 1
    """StopInstances was accepted; the guest may still be on."""
    STOPPED = 2
    """The API says STOPPED. Here things may be changed."""
    AGAIN = 3
    """Started again; somebody can log in."""
    LAST = 4
    """No other row needs the guest any more."""
