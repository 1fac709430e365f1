"""Which hosts are the cloud's: what the proxy takes for its own, and what its certificates may say."""

from __future__ import annotations

from vmsim.model.regions import REGIONS

DOMAINS = ("tencentcloudapi.com", "qcloud.com", "tencentyun.com")
"""The home's authority can vouch for nothing else, whoever gets hold of its key."""
LOOPBACK = ("localhost", "127.0.0.1")
_ROOT = "tencentcloudapi.com"


def is_the_clouds(host: str) -> bool:
    name = host.lower().rstrip(".")
    return any(name == domain or name.endswith(f".{domain}") for domain in DOMAINS)


def certificate_names() -> list[str]:
    """A wildcard stands for one label, so each form of a host name has its own."""
    places = ("intl", "internal", *REGIONS)
    forms = [f"*.{_ROOT}", *(f"*.{place}.{_ROOT}" for place in places), "*.api.qcloud.com", "*.tencentyun.com"]
    return [_ROOT, *forms, LOOPBACK[0]]
