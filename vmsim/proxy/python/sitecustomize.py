"""Read by every Python program at its start, where `vmsim run` or `vmsim env` put this folder on PYTHONPATH.

Tencent's SDK trusts what certifi brings and nothing else, whatever the environment says; so certifi is told to bring
the roots of this system and the home's authority. Then comes the sitecustomize that this one hides, if there is any.
Programs have older Pythons than vmsim: no syntax here is newer than 3.6.
"""

import importlib
import importlib.machinery
import importlib.util
import os
import sys


def trust(bundle: str) -> None:
    """Most environments have no certifi, and then nothing is to be done."""
    try:
        core = importlib.import_module("certifi.core")
    except ImportError:
        return
    for module in (core, sys.modules["certifi"]):
        module.where = lambda: bundle  # type: ignore[attr-defined]


def go_on() -> None:
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib costs each start some milliseconds
    rest = [folder for folder in sys.path if os.path.abspath(folder) != here]  # noqa: PTH100
    found = importlib.machinery.PathFinder.find_spec("sitecustomize", rest)
    if found is not None and found.loader is not None:
        module = importlib.util.module_from_spec(found)
        sys.modules["sitecustomize"] = module
        found.loader.exec_module(module)


if os.environ.get("VMSIM_CA_BUNDLE"):
    trust(os.environ["VMSIM_CA_BUNDLE"])
go_on()
