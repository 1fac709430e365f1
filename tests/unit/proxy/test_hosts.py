from __future__ import annotations

import pytest

from vmsim.proxy import hosts


@pytest.mark.parametrize("host", ["cvm.tencentcloudapi.com", "CVM.API.QCLOUD.COM", "metadata.tencentyun.com."])
def test_the_clouds_hosts(host: str) -> None:
    assert hosts.is_the_clouds(host)


@pytest.mark.parametrize("host", ["", "com", "example.com", "notqcloud.com", "qcloud.com.example.com", "localhost"])
def test_foreign_hosts(host: str) -> None:
    assert not hosts.is_the_clouds(host)


def test_every_form_has_its_name() -> None:
    names = hosts.certificate_names()
    assert {"*.tencentcloudapi.com", "*.ap-guangzhou.tencentcloudapi.com", "*.api.qcloud.com"} <= set(names)
    assert len(names) == len(set(names))
