"""The metrics of QCE/CVM (Tencent Cloud Observability Platform, "CVM monitoring metrics") that libvirt's counters tell.

What only an agent inside knows (load, TCP connections, file systems), and what one network interface cannot tell apart
(private and public traffic: all of it is counted as private), is published and not simulated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vmsim.model.errors import NotSimulated, UsageError
from vmsim.model.sample import Sample

NAMESPACE = "QCE/CVM"
DIMENSION = "InstanceId"
PERIODS = (10, 60, 300, 3600)


@dataclass(frozen=True)
class Metric:
    """`value` reads it from a sample, in `unit`."""

    name: str
    unit: str
    english: str
    chinese: str
    value: Callable[[Sample], float | None]


def _mbps(bytes_per_second: float) -> float:
    return bytes_per_second * 8 / 1e6


def _kilobytes(bytes_per_second: float) -> float:
    return bytes_per_second / 1024


_ROWS = (
    Metric("CPUUsage", "%", "CPU utilization", "CPU 利用率", lambda sample: sample.cpu_percent),
    Metric("CpuUsage", "%", "CPU utilization", "CPU 利用率", lambda sample: sample.cpu_percent),
    Metric("BaseCpuUsage", "%", "Basic CPU utilization", "基础 CPU 使用率", lambda sample: sample.cpu_percent),
    Metric("MemUsed", "MB", "Memory usage", "内存使用量", lambda sample: sample.memory_used_mib),
    Metric("MemUsage", "%", "Memory utilization", "内存利用率", lambda sample: sample.memory_percent),
    Metric("LanOuttraffic", "Mbps", "Private outbound bandwidth", "内网出带宽", lambda one: _mbps(one.sent_bytes)),
    Metric("LanIntraffic", "Mbps", "Private inbound bandwidth", "内网入带宽", lambda one: _mbps(one.received_bytes)),
    Metric("LanOutpkg", "Packets/sec", "Private outbound packets", "内网出包量", lambda sample: sample.sent_packets),
    Metric("LanInpkg", "Packets/sec", "Private inbound packets", "内网入包量", lambda sample: sample.received_packets),
    Metric("DiskReadTraffic", "KB/s", "Disk read traffic", "磁盘读流量", lambda one: _kilobytes(one.read_bytes)),
    Metric("DiskWriteTraffic", "KB/s", "Disk write traffic", "磁盘写流量", lambda one: _kilobytes(one.written_bytes)),
)
METRICS = {metric.name: metric for metric in _ROWS}
_BY_LOWER_CASE = {metric.name.lower(): metric for metric in reversed(_ROWS)}
# Tencent's own documents differ in the case of names ("lanOuttraffic"), so none is insisted on.
# fmt: off
_NOT_HERE = frozenset(
    {
        "cpuloadavg", "cpuloadavg5m", "cpuloadavg15m", "wanouttraffic", "wanintraffic", "wanoutpkg", "waninpkg",
        "accouttraffic", "accintraffic", "tcpcurrestab", "timeoffset", "gpumemtotal", "gpumemusage",
        "gpumemused", "gpupowdraw", "gpupowlimit", "gpupowusage", "gputemp", "gpuutil", "cvmdiskusage",
        "diskusage", "diskioawait", "diskreadiops", "diskwriteiops", "diskutil", "diskawait", "disksvctm",
    }
)
# fmt: on


def metric(name: str) -> Metric:
    """Raises NotSimulated for what is published and not here, UsageError for what nobody knows."""
    found = METRICS.get(name) or _BY_LOWER_CASE.get(name.lower())
    if found is not None:
        return found
    if name.lower() in _NOT_HERE:
        raise NotSimulated(f"The metric {name} is not simulated; {', '.join(METRICS)} are.")
    raise UsageError(f"{NAMESPACE} has no metric {name!r}.", code="InvalidParameterValue")


def check_namespace(given: str) -> None:
    """Raises NotSimulated for another product's namespace."""
    if given.upper() == NAMESPACE:
        return
    if given.upper().startswith("QCE/") and len(given) > len("QCE/"):
        raise NotSimulated(f"Metrics of {given} are not simulated; those of {NAMESPACE} are.")
    raise UsageError(f"There is no namespace {given!r}.", code="InvalidParameterValue")
