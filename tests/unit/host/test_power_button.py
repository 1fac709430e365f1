from __future__ import annotations

from vmsim.host import power_button
from vmsim.host.domain import Domains
from vmsim.host.domain_xml import DomainSpec

ABSENT_UUID = "00000000-0000-4000-8000-000000000001"


def test_no_qemu_no_verdict(domains: Domains, spec: DomainSpec) -> None:
    domains.define(spec)

    assert power_button.state(domains, spec.uuid) is None
    assert power_button.state(domains, ABSENT_UUID) is None
