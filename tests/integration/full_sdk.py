"""The full package of the SDK for Python, 398 MB: scripts/full-sdk installs it and runs this; scripts/test does not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .homes import RunningHome
from .lives import METHODS, SIGNATURES, program, whole_life

pytestmark = pytest.mark.guest

ASK = Path(__file__).parent / "asking" / "ask.py"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("signature", SIGNATURES)
def test_the_full_package(cloud: RunningHome, signature: str, method: str) -> None:
    whole_life(program(cloud, [os.environ["FULL_SDK_PYTHON"], ASK], signature, method), cloud)
