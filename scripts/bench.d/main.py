"""Which benchmark: the first word of the command line. Exits with 2 for one that there is not."""

from __future__ import annotations

import sys

import api
import lifecycle
import network

_BENCHMARKS = {"lifecycle": lifecycle.main, "api": api.main, "network": network.main}


def main() -> int:
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in _BENCHMARKS:
        print(f"usage: scripts/bench {'|'.join(_BENCHMARKS)} [-h]", file=sys.stderr)
        return 0 if name in ("-h", "--help") else 2
    return _BENCHMARKS[name](sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
