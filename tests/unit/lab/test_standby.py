from __future__ import annotations

import os
from pathlib import Path
from subprocess import PIPE

import pytest

from vmsim.host import command
from vmsim.lab import same_code
from vmsim.lab.standby import load

PROGRAM = "import sys\nsys.stdout.write('loaded ')\ndef main():\n    sys.stdout.write(' '.join(sys.argv[1:]))\n"


@pytest.mark.parametrize(("opened", "expected"), [(b"!", b"loaded one two"), (b"", b"loaded ")])
def test_it_runs_when_the_gate_opens_and_ends_when_it_closes(tmp_path: Path, opened: bytes, expected: bytes) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    gate, ours = os.pipe()
    argv = [*same_code.argv("vmsim.lab.standby"), str(gate), str(program), "one", "two"]
    process = command.start(argv, stdout=PIPE, pass_fds=[gate], env=same_code.environment())
    os.close(gate)
    if opened:
        os.write(ours, opened)
    os.close(ours)
    assert process.communicate(timeout=30)[0] == expected
    assert process.returncode == 0


def test_a_module_is_loaded_by_its_name() -> None:
    assert load("vmsim.lab.plan").__name__ == "vmsim.lab.plan"
    with pytest.raises(ImportError):
        load("vmsim.no_such_module")
