"""By Python programs of their own: what they trust, and that nothing of theirs is lost."""

from __future__ import annotations

import sys
from pathlib import Path

from vmsim.host import command
from vmsim.proxy import hosts

SHIM = Path(hosts.__file__).with_name("python")
LOOK = "import sys, certifi, requests.certs; print(certifi.where(), requests.certs.where(), hasattr(sys, 'theirs'))"


def looked(*folders: Path, bundle: str = "/b.pem") -> list[str]:
    more = {"PYTHONPATH": ":".join(map(str, folders)), "VMSIM_CA_BUNDLE": bundle}
    return command.run([sys.executable, "-c", LOOK], env=more).stdout.split()


def test_certifi_brings_the_bundle() -> None:
    assert looked(SHIM)[:2] == ["/b.pem", "/b.pem"]


def test_without_a_bundle_nothing_changes() -> None:
    assert looked(SHIM, bundle="")[0].endswith("cacert.pem")


def test_the_next_sitecustomize_comes_too(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.theirs = True\n")
    assert looked(SHIM, tmp_path) == ["/b.pem", "/b.pem", "True"]
    assert looked(tmp_path, SHIM)[0].endswith("cacert.pem")


def test_a_python_without_certifi_starts_in_silence() -> None:
    more = {"PYTHONPATH": str(SHIM), "VMSIM_CA_BUNDLE": "/b.pem"}
    done = command.run([sys.executable, "-S", "-c", "import sitecustomize"], env=more)
    assert done.stdout + done.stderr == ""
