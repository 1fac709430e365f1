"""How far each running guest has come: kernel, address, SSH, login.

Nothing announces most of these, so a climbing guest is looked at often (each look is cheap: a file's end, a lease file,
one connection attempt), and a guest at the top is not looked at any more.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from vmsim.cloud import events
from vmsim.cloud.context import Cloud
from vmsim.host import serial, ssh
from vmsim.model.errors import HostError
from vmsim.model.instance import Instance
from vmsim.model.lifecycle import InstanceState
from vmsim.model.readiness import Rung
from vmsim.store import instances
from vmsim.store.schema import instances as table

BANNER_LIMIT = 0.5
TOGETHER = 16


class Readiness:
    """One look at every climbing guest per round."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._pool = ThreadPoolExecutor(TOGETHER, thread_name_prefix="readiness")
        self._lease_before: dict[str, float] = {}
        """When the lease ends that a guest had already while its boot loader was at work: an earlier boot's."""

    def climbing(self) -> list[Instance]:
        running = table.c.state.in_([InstanceState.RUNNING.value])
        with self._cloud.store.reading() as connection:
            return instances.where(connection, running, table.c.rung < int(Rung.LOGIN))

    def reconcile(self) -> None:
        climbing = self.climbing()
        here = {instance.id for instance in climbing}
        self._lease_before = {ident: expires for ident, expires in self._lease_before.items() if ident in here}
        for instance, rung in zip(climbing, self._pool.map(self._look, climbing), strict=True):
            if rung > instance.rung:
                self._reached(instance, rung)

    def _reached(self, instance: Instance, rung: Rung) -> None:
        with self._cloud.store.writing() as connection:
            now = instances.one(connection, instance.id)
            if now is None or now.state is not InstanceState.RUNNING or now.rung >= rung:
                return
            instances.change(connection, instance.id, rung=rung)
            events.record(
                self._cloud,
                connection,
                "readiness",
                rung.words,
                instance_id=instance.id,
                data={"rung": rung.name},
            )
        self._cloud.news.ring()

    def _look(self, instance: Instance) -> Rung:
        """The highest rung that is proved now."""
        signs = serial.signs(serial.since_mark(self._cloud.home.serial_log(instance.id)))
        if instance.rung < Rung.SSH:
            if ssh.banner(instance.private_ip, timeout=BANNER_LIMIT) is None:
                return self._below_ssh(instance, kernel=signs.kernel)
            return Rung.LOGIN if signs.login else Rung.SSH
        return Rung.LOGIN if signs.login else Rung.SSH

    def _below_ssh(self, instance: Instance, *, kernel: bool) -> Rung:
        if not kernel and instance.id in self._lease_before:
            return Rung.STARTED
        try:
            lease = self._cloud.networks.lease(instance.subnet_id, instance.mac)
        except HostError:
            return Rung.KERNEL if kernel else Rung.STARTED
        expires = lease.expires if lease is not None else 0.0
        if not kernel:
            self._lease_before[instance.id] = expires
            return Rung.STARTED
        return Rung.ADDRESS if expires > self._lease_before.get(instance.id, 0.0) else Rung.KERNEL
