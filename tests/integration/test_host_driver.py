"""The driver of this machine on a real libvirt: each file in `in_lab/` runs as a test session in a lab."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from stub_lab import Inside
from vmsim.lab import images
from vmsim.lab.lab import Lab

HERE = Path(__file__).parent / "in_lab"
ROOT = Path(__file__).parents[2]


def run(inside: Inside, file: str, folder: Path, **environment: str) -> None:
    """Run it with its files in `folder`; what it says is in the error when it fails."""
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(ROOT)]
    argv += ["--basetemp", str(folder / file), str(HERE / file)]
    done = inside(*argv, timeout=300, check=False, cwd=ROOT, env={"PYTHONPATH": str(ROOT), **environment})
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr


@pytest.mark.tools
def test_networks(lab: Lab, inside: Inside) -> None:
    run(inside, "host_network.py", lab.home.root)


@pytest.mark.tools
def test_what_passes(lab: Lab, inside: Inside) -> None:
    run(inside, "host_firewall.py", lab.home.root)


@pytest.mark.guest
def test_domains_and_guests(lab: Lab, inside: Inside) -> None:
    image = images.ensure(images.DEFAULT, print)
    run(inside, "host_domain.py", lab.home.root, VMSIM_TEST_IMAGE=image.path)
