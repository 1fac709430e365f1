from __future__ import annotations

import pytest

from vmsim.model import tag
from vmsim.model.errors import OutOfResources, UsageError


@pytest.mark.parametrize("key", ["qcs:a", "project", "projects", "项目一"])
def test_the_clouds_own_keys_cannot_be_made_but_be_asked_for(key: str) -> None:
    with pytest.raises(UsageError):
        tag.check_new(key, "value")
    assert tag.check_key(key) == key


def test_a_resource_has_at_most_fifty() -> None:
    fifty = {str(number): "" for number in range(50)}
    tag.check_number(fifty, "ins-00000000")
    with pytest.raises(OutOfResources):
        tag.check_number({**fifty, "more": ""}, "ins-00000000")
