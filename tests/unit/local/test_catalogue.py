from __future__ import annotations

from vmsim.client import Client
from vmsim.model.instance_types import TYPES
from vmsim.model.regions import REGIONS


def test_images_types_and_regions_are_listed(client: Client) -> None:
    assert [image["name"] for image in client.get("/v1/images")["images"]] == ["tiny"]
    assert {kind["name"] for kind in client.get("/v1/types")["types"]} == set(TYPES)
    assert {row["name"] for row in client.get("/v1/regions")["regions"]} == set(REGIONS)
