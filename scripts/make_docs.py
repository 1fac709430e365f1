"""Write what the documents show of the code's own tables between their markers.

    .venv/bin/python scripts/make_docs.py            write
    .venv/bin/python scripts/make_docs.py --check    say what is out of date, change nothing

A block stands between `<!-- made: NAME -->` and `<!-- end -->`. Exit code 1 when --check finds a difference.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path

from vmsim.api.simulated import ACTIONS as SIMULATED
from vmsim.cli.main import ROWS
from vmsim.config import Settings
from vmsim.model.lifecycle import ACTIONS, OPERATIONS, VARIANTS, InstanceState, Verb

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
BLOCK = re.compile(r"(?<=<!-- made: )(?P<name>[\w-]+)( -->\n).*?(?=\n<!-- end -->)", re.DOTALL)


def state_table() -> str:
    rows = []
    for verb, row in OPERATIONS.items():
        before = "the state before"
        after = row.success.value if row.success else (before if row.edit else "gone")
        meanwhile = row.meanwhile.value if row.meanwhile else before
        failure = row.failure.value if row.failure else before
        allowed, forced = _states(row.allowed), _states(row.allowed_with_force)
        rows.append((_action(verb), allowed or "a new instance", forced or "–", meanwhile, after, failure))
    return _table(("operation", "asked in", "and with force in", "meanwhile", "then", "if it fails"), rows)


def _action(verb: Verb) -> str:
    return f"`{ACTIONS[verb]}`" + (f" ({VARIANTS[verb]})" if verb in VARIANTS else "")


def _states(states: Iterable[InstanceState]) -> str:
    return ", ".join(state.value for state in InstanceState if state in states)


def actions() -> str:
    services = sorted({service for service, _ in SIMULATED})
    return _table(
        ("service", "actions"),
        [(f"`{one}`", ", ".join(sorted(name for service, name in SIMULATED if service == one))) for one in services],
    )


def commands() -> str:
    shown = [row for row in ROWS if not row.hidden]
    parts = []
    for section in dict.fromkeys(row.section for row in shown):
        rows = [(f"`vmsim {row.name}`", row.summary) for row in shown if row.section == section]
        parts.append(f"### {section}\n\n" + _table(("command", "what it does"), rows))
    return "\n\n".join(parts)


def settings() -> str:
    rows = [(f"`{field.name}`", f"`VMSIM_{field.name.upper()}`", f"`{field.default}`") for field in fields(Settings)]
    return _table(("in settings.ini", "variable", "default"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ("---",) * len(head), *rows))


BLOCKS: dict[str, Callable[[], str]] = {
    "state-table": state_table,
    "actions": actions,
    "commands": commands,
    "settings": settings,
}


def made(text: str) -> str:
    return BLOCK.sub(lambda found: found["name"] + found[2] + f"\n{BLOCKS[found['name']]()}\n", text)


def main() -> int:
    differing = [path for path in DOCUMENTS if made(path.read_text()) != path.read_text()]
    for path in differing:
        print(f"{path.relative_to(ROOT)} is out of date")
        if "--check" not in sys.argv:
            path.write_text(made(path.read_text()))
    return 1 if differing and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
