"""What test_way_out.py runs in a network of its own, which stands for the internet: there is a server in it, a name,
and nothing else.

    python play.py lab|guests HOME [WORDS THAT RUN A COMMAND AS SOMEBODY…]

Prints as JSON what was seen of it from a lab that has a way out, and from one that has none; or from guests.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import threading
import time
from pathlib import Path

from vmsim.host import command
from vmsim.lab import way_out

SERVER, LOOPBACK_PORT, PORT = "198.18.5.9", 8001, 8000
RESERVED = "203.0.113.9"
"""One of the cloud's public addresses, which somebody outside has too; in the lab it is nobody's."""
NAME = "server.example"
FETCH = "import sys, urllib.request as u; print(u.build_opener(u.ProxyHandler({})).open(sys.argv[1], timeout=3).status)"
LIMIT = 30.0


def make_network() -> None:
    for words in (
        "link set lo up",
        "link add up0 type veth peer name up1",
        "link set up1 up",
        "link set up0 up",
        f"address add {SERVER}/24 dev up0",
        f"address add {RESERVED}/32 dev up0",
        "address add 198.18.5.1/24 dev up0",
        "route add default via 198.18.5.254",
    ):
        command.run(["ip", *words.split()])


def serve(address: str, port: int) -> None:
    listening = socket.create_server((address, port))

    def answer() -> None:
        while True:
            caller, _ = listening.accept()
            with caller:
                caller.recv(4096)
                caller.sendall(b"HTTP/1.0 204 No Content\r\n\r\n")

    threading.Thread(target=answer, daemon=True).start()


def know_names(folder: Path) -> None:
    """One name server, which knows every name to be the server's."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind((SERVER, 53))

    def answer() -> None:
        while True:
            asked, caller = listening.recvfrom(4096)
            end = asked.index(b"\0", 12) + 5
            found = b""
            if asked[end - 4 : end - 2] == b"\0\1":
                found = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton(SERVER)
            head = asked[:2] + b"\x81\x80" + struct.pack(">HHHH", 1, 1 if found else 0, 0, 0)
            listening.sendto(head + asked[12:end] + found, caller)

    threading.Thread(target=answer, daemon=True).start()
    folder.mkdir(mode=0o755)
    (folder / "resolv.conf").write_text(f"nameserver {SERVER}\n")
    command.run(["mount", "--bind", str(folder / "resolv.conf"), str(Path("/etc/resolv.conf").resolve())])


class Player:
    def __init__(self, home: str, somebody: list[str]) -> None:
        self._somebody = somebody
        self._environment = {"VMSIM_HOME": home, "VMSIM_PORT": "0", "VMSIM_ACCEL": "tcg"}

    def vmsim(self, *words: str, offline: str = "no") -> str:
        argv = [*self._somebody, sys.executable, "-m", "vmsim", *words]
        environment = {**self._environment, "VMSIM_OFFLINE": offline}
        return command.run(argv, env=environment, check=False, timeout=240).stdout.strip()

    def fetched(self, host: str, port: int = PORT) -> str:
        return self.vmsim("enter", "--", sys.executable, "-c", FETCH, f"http://{host}:{port}/")

    def until_fetched(self) -> str:
        deadline = time.monotonic() + LIMIT
        while not (found := self.fetched(SERVER)) and time.monotonic() < deadline:
            time.sleep(0.2)
        return found

    def program(self) -> str:
        return str(json.loads(self.vmsim("status", "--output", "json"))["internet"])


def attached() -> set[str]:
    """Whatever keeps a way out of this network for some lab; there may be other labs on this machine."""
    found = command.run(["pgrep", "-f", way_out.DEVICE], check=False).stdout.split()
    return {pid for pid in found if _network(pid) == _network("self")}


def _network(pid: str) -> str:
    try:
        return str(Path(f"/proc/{pid}/ns/net").readlink())
    except OSError:  # it has ended
        return ""


def from_lab(player: Player) -> dict[str, str]:
    seen: dict[str, str] = {}
    before = attached()
    player.vmsim("up")
    seen["server"] = player.until_fetched()
    seen["program"] = player.program()
    seen["name"] = player.fetched(NAME)
    seen["reserved"] = player.fetched(RESERVED)
    seen["loopback"] = player.fetched("192.0.0.2", LOOPBACK_PORT)
    seen["refused"] = player.vmsim("up", "--offline")
    player.vmsim("down")
    seen["left"] = " ".join(attached() - before)
    player.vmsim("up", "--offline")
    seen["offline"] = player.fetched(SERVER)
    seen["offline program"] = player.program()
    return seen


def from_guests(player: Player) -> dict[str, str]:
    """Only one with a public address gets out; all may ask for names, as in the cloud."""
    player.vmsim("launch", "public", "--public", "--type", "LAB1.NANO128")
    player.vmsim("launch", "private", "--type", "LAB1.NANO128")
    ask = f"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | timeout 8 nc {SERVER} {PORT} | head -n 1"
    seen = {name: player.vmsim("exec", name, ask) for name in ("public", "private")}
    return {**seen, "name": player.vmsim("exec", "private", f"nslookup {NAME} | grep -c {SERVER}")}


def main() -> None:
    make_network()
    serve(SERVER, PORT)
    serve(RESERVED, PORT)
    serve("127.0.0.1", LOOPBACK_PORT)
    kind, home, *somebody = sys.argv[1:]
    know_names(Path(home + "-names"))
    player = Player(home, somebody)
    try:
        seen = {"lab": from_lab, "guests": from_guests}[kind](player)
    finally:
        player.vmsim("reset", "--home", "--yes")
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
