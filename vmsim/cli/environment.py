"""The environment in which programs take this home for the cloud, and the way out of it again.

What it replaces is kept in VMSIM_BEFORE, so that vmsim itself, called in such a shell, works as outside of it (it would
look for the internet through its own proxy), and so that one such environment never lies inside another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from vmsim.proxy import hosts

BEFORE = "VMSIM_BEFORE"
BUNDLE = "VMSIM_CA_BUNDLE"
_PYTHON = Path(__file__).parents[1] / "proxy" / "python"
_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
_NO_PROXY = ("NO_PROXY", "no_proxy")
# Read by programs that look nowhere else once these are set, so they are only replaced.
_OTHER_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def way_in(outside: Mapping[str, str], proxy: str, api: str, authority: Path, bundle: Path) -> dict[str, str]:
    """The variables that lead the cloud's own host names here. `outside` is the environment without them."""
    python = ":".join(filter(None, [str(_PYTHON), outside.get("PYTHONPATH", "")]))
    node = bundle if outside.get("NODE_EXTRA_CA_CERTS") else authority
    added = {
        **dict.fromkeys(_PROXIES, proxy),
        **dict.fromkeys(_NO_PROXY, _direct(outside, api)),
        **{name: str(bundle) for name in _OTHER_BUNDLES if outside.get(name)},
        "SSL_CERT_FILE": str(bundle),
        "NODE_EXTRA_CA_CERTS": str(node),
        "PYTHONPATH": python,
        BUNDLE: str(bundle),
    }
    return {**added, BEFORE: json.dumps({name: outside.get(name) for name in added})}


def leave(environment: MutableMapping[str, str]) -> None:
    """Make it what it was before; harmless where it is that already."""
    try:
        before = json.loads(environment.pop(BEFORE, "{}"))
        kept = {str(name): None if value is None else str(value) for name, value in before.items()}
    except (ValueError, AttributeError):
        return
    for name, value in kept.items():
        if value is None:
            environment.pop(name, None)
        else:
            environment[name] = value


def _direct(outside: Mapping[str, str], api: str) -> str:
    """Whom to reach without the proxy: whom the user named, but the cloud, and this machine.

    The API's whole address too: Tencent's SDK looks whether its endpoint, port and scheme included, is a part of it.
    """
    named = next((outside[name] for name in _NO_PROXY if outside.get(name)), "")
    kept = [each.strip() for each in named.split(",") if each.strip() and not _takes_the_cloud(each.strip())]
    return ",".join(dict.fromkeys([*kept, *hosts.LOOPBACK, api]))


def _takes_the_cloud(entry: str) -> bool:
    name = entry.lower().lstrip("*.")
    return not name or any(domain in name or domain.endswith(name) for domain in hosts.DOMAINS)
