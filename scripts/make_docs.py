"""Write what the documents show of the code's own tables between their markers.

    .venv/bin/python scripts/make_docs.py            write
    .venv/bin/python scripts/make_docs.py --check    say what is out of date, change nothing

A block stands between `<!-- made: NAME -->` and `<!-- end -->`; a page for each simulated service in docs/api is made
whole. Exit code 1 when --check finds a difference.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from pathlib import Path

from vmsim.api import reference, spec
from vmsim.api.reference import Entry, Treatment
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
    rows = [
        (f"[`{service}`](api/{service}.md)", ", ".join(sorted(name for one, name in SIMULATED if one == service)))
        for service in _services()
    ]
    return _table(("service", "actions"), rows)


def _services() -> list[str]:
    return sorted({service for service, _ in SIMULATED})


def service_page(service: str) -> str:
    """What becomes of each action and parameter of a service."""
    every = [entry for entry in reference.entries() if entry.service == service]
    simulated = [entry for entry in every if entry.treatment is not Treatment.REFUSED]
    refused = [f"`{entry.name}`" for entry in every if entry.treatment is Treatment.REFUSED]
    head = (
        f"# `{service}`, version {spec.service(service).version}\n\n"
        "Made from the code by `scripts/make_docs.py`; `vmsim actions` prints the same. Required parameters are bold.\n"
        "What is refused answers `UnsupportedOperation` with its name. [How clients get here](../api.md)."
    )
    parts = [head, *map(_action_part, simulated)]
    if refused:
        parts.append("## Refused\n\n" + ", ".join(refused))
    return "\n\n".join(parts) + "\n"


def _action_part(entry: Entry) -> str:
    lines = [f"- {treatment.value}: {shown}" for treatment in Treatment if (shown := _parameters(entry, treatment))]
    return f"## {entry.name}\n\n" + ("\n".join(lines) or "No parameters.")


def _parameters(entry: Entry, treatment: Treatment) -> str:
    shown = []
    for one in entry.parameters:
        if one.treatment is treatment:
            name = f"**`{one.place}`**" if one.required else f"`{one.place}`"
            shown.append(f"{name} ({one.words})" if one.words else name)
    return ", ".join(shown)


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


def wanted() -> Iterator[tuple[Path, str]]:
    for path in DOCUMENTS:
        yield path, made(path.read_text())
    for service in _services():
        yield ROOT / "docs" / "api" / f"{service}.md", service_page(service)


def main() -> int:
    differing = [(path, text) for path, text in wanted() if not path.exists() or text != path.read_text()]
    for path, text in differing:
        print(f"{path.relative_to(ROOT)} is out of date")
        if "--check" not in sys.argv:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    return 1 if differing and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
