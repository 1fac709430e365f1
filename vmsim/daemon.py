"""The daemon: makes a Cloud of a home and the lab's libvirt, and serves it.

It runs inside the lab as init's child, on sockets that init keeps. It may be killed at any moment and come back: the
guests are libvirt's, the work is in the database. SIGTERM stops the guests properly first.

Order of coming up: database and keys, libvirt, the records compared with the machine, unfinished work,
controllers, and only then the doors.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final, Literal

import uvicorn

from vmsim import config
from vmsim.api import strict_switch
from vmsim.api.metadata.listener import GuestConnection
from vmsim.api.server import application as tencent_api
from vmsim.api.server import metadata_application
from vmsim.cloud import api_keys, crash_switch, firewall, images, power_cut, security_groups, shutdown
from vmsim.cloud.clock import RealClock
from vmsim.cloud.context import Cloud
from vmsim.cloud.controllers.housekeeping import Housekeeping
from vmsim.cloud.controllers.instance_watcher import InstanceWatcher
from vmsim.cloud.controllers.loop import Loop
from vmsim.cloud.controllers.monitoring import Monitoring
from vmsim.cloud.controllers.publisher import Publisher
from vmsim.cloud.controllers.readiness import Readiness
from vmsim.cloud.tasks import Tasks
from vmsim.host import accelerator
from vmsim.host.connection import Connection
from vmsim.host.domain import Domains
from vmsim.host.network import Networks
from vmsim.host.tcp_peers import TcpPeers
from vmsim.local.connect import ConnectServer
from vmsim.local.server import application as local_api
from vmsim.model import last_words
from vmsim.model.errors import HostError, VmsimError
from vmsim.proxy import authority
from vmsim.proxy.hosts import LOOPBACK
from vmsim.proxy.server import Proxy
from vmsim.store.database import Store

log = logging.getLogger("vmsim.daemon")

READINESS_INTERVAL = 0.1
PUBLISHER_INTERVAL = 2.0
HOUSEKEEPING_INTERVAL = 5.0
MONITORING_INTERVAL = 0.5
"""How exactly samples keep to the marks of their own interval."""
GRACEFUL_SECONDS = 2
# In C, for the API that is asked a thousand times a second: the other takes half the time of a short request. It has
# no limit on the length of headers, which guests, who reach the metadata, must have.
QUICK: Final = "httptools"
CAREFUL: Final = "h11"


def check_database(home: config.Home) -> None:
    """An empty one beside disks is a lost one: in a new one nobody would ever find them again."""
    empty = not home.database.exists() or not home.database.stat().st_size
    left = sorted(path.name for path in home.instances.glob("ins-*")) if empty else []
    if left:
        raise HostError(
            f"{home.database} is missing or empty, but there are disks of {', '.join(left[:5])}.",
            hint=f"Restore a copy of it, or move {home.instances} away and begin anew.",
        )


@contextmanager
def running_cloud(home: config.Home, lab_boot: str) -> Iterator[Cloud]:
    """A Cloud with everything that works behind it; on leaving, the threads end and the guests go on."""
    settings = config.settings(home)
    check_database(home)
    with ExitStack() as stack:
        store = Store(home.database)
        stack.callback(store.close)
        connection = Connection(settings.libvirt_uri)
        cloud = Cloud(
            home=home,
            settings=settings,
            store=store,
            domains=Domains(connection),
            networks=Networks(connection),
            clock=RealClock(),
            lab_boot=lab_boot,
            accelerator=accelerator.probe(config.cache(), settings.accel, image=images.cached(images.TINY)),
            reached=crash_switch.from_environment(home.root),
        )
        api_keys.ensure_first(cloud)
        watcher = InstanceWatcher(cloud)
        connection.subscribe(watcher.hear)
        connection.open()
        stack.callback(connection.close)
        threading.Thread(target=_learn_capabilities, args=[cloud], name="capabilities", daemon=True).start()
        power_cut.notice(cloud)
        security_groups.adopt(cloud)
        firewall.apply(cloud)
        tasks = Tasks(cloud)
        cloud.enqueue = tasks.enqueue
        watcher.reconcile()
        tasks.start()
        stack.callback(tasks.stop)
        tasks.resume()
        watcher.start()
        stack.callback(watcher.stop)
        for loop in _loops(cloud, watcher):
            loop.start()
            stack.callback(loop.stop)
        yield cloud


def _learn_capabilities(cloud: Cloud) -> None:
    try:
        cloud.domains.learn_capabilities()
    except VmsimError as error:
        log.info("libvirt's capabilities: %s", error.message)


def _loops(cloud: Cloud, watcher: InstanceWatcher) -> list[Loop]:
    return [
        Loop("instance-watcher", watcher.reconcile, cloud.settings.reconcile_interval),
        Loop("readiness", Readiness(cloud).reconcile, READINESS_INTERVAL),
        Loop("publisher", Publisher(cloud).reconcile, PUBLISHER_INTERVAL),
        Loop("monitoring", Monitoring(cloud).reconcile, MONITORING_INTERVAL),
        Loop("housekeeping", Housekeeping(cloud).reconcile, HOUSEKEEPING_INTERVAL),
    ]


async def serve(cloud: Cloud, sockets: dict[str, int], told: threading.Event, peers: TcpPeers) -> None:
    """Until SIGTERM (`told`: it came already); then no guest is started any more, and all are stopped properly."""
    api = _listening(sockets["tcp"])
    cloud.port = api.getsockname()[1]
    # The proxy is inside, where the API's own address leads nowhere.
    inside = _listening(socket.create_server((LOOPBACK[1], 0)).detach())
    servers = [
        (_server(tencent_api(cloud, strict_replies=strict_switch.from_environment()), QUICK), [api, inside]),
        (_server(local_api(cloud)), [_listening(sockets["api"])]),
    ]
    # A PID 1 that an older vmsim started has none of these, as it has none for the proxy.
    for_guests = [_listening(descriptor) for name, descriptor in sockets.items() if name.startswith("metadata-")]
    if for_guests:
        servers.append((_server(metadata_application(cloud), GuestConnection), for_guests))
    context = authority.server_context(cloud.home.authority)
    proxy = Proxy(context, inside.getsockname(), cloud.port, relaying=peers.relaying)
    ending = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    if told.is_set():
        ending.set()
    with ConnectServer(cloud, _listening(sockets["connect"])):
        tasks = [asyncio.create_task(server.serve(sockets=listening)) for server, listening in servers]
        # A PID 1 that an older vmsim started has no socket for it.
        proxying = asyncio.create_task(proxy.serve(_listening(sockets["proxy"]))) if "proxy" in sockets else None
        await ending.wait()
        cloud.going_down.set()
        await asyncio.to_thread(_stop_guests, cloud)
        for server, _ in servers:
            server.should_exit = True
        await asyncio.gather(*tasks)
        if proxying:
            proxying.cancel()
            await asyncio.wait({proxying})


def _stop_guests(cloud: Cloud) -> None:
    for line in shutdown.shut_down(cloud, cloud.settings.down_limit):
        log.info("going down: %s", line)


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the daemon's own SIGTERM stops guests before doors."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(
    application: object, parser: Literal["h11", "httptools"] | type[GuestConnection] = CAREFUL
) -> uvicorn.Server:
    configured = uvicorn.Config(
        application,  # type: ignore[arg-type]
        http=parser,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        server_header=False,
    )
    # At once, and not in the server's task: a parser that is not installed would leave callers waiting for ever.
    configured.load()
    return _Server(configured)


def _listening(descriptor: int) -> socket.socket:
    """init keeps the original, so that clients queue there while a daemon is away."""
    listening = socket.socket(fileno=descriptor)
    listening.setblocking(False)
    return listening


def _sigterm_remembered() -> threading.Event:
    """We are born with SIGTERM blocked, so that coming up cannot be cut short; from here on it is remembered."""
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    return told


def main() -> None:
    told = _sigterm_remembered()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s")
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)
    threading.excepthook = lambda failure: log.error("thread died", exc_info=failure.exc_value)
    try:
        _run(config.home(), told)
    except (VmsimError, OSError) as error:
        if isinstance(error, OSError) and not error.filename:
            raise
        log.info("the daemon ends", exc_info=error)
        sys.exit(last_words.said(error))


def _run(home: config.Home, told: threading.Event) -> None:
    with running_cloud(home, os.environ["VMSIM_LAB_BOOT"]) as cloud:
        peers = TcpPeers(int(os.environ.get("VMSIM_CONNECTIONS", "-1")))
        cloud.is_own_user = peers.is_own
        log.info("serving %s (accelerator %s: %s)", home.root, cloud.accelerator.accelerator, cloud.accelerator.reason)
        asyncio.run(serve(cloud, json.loads(os.environ["VMSIM_SOCKETS"]), told, peers))


if __name__ == "__main__":
    main()
