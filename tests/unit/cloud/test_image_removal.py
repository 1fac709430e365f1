from __future__ import annotations

from dataclasses import replace

import pytest

from cloud_fixture import IMAGE, REGION, launched, settled, submit
from vmsim.cloud import image_removal, images
from vmsim.cloud.context import Cloud
from vmsim.model.errors import NotFound
from vmsim.model.lifecycle import Verb
from vmsim.store import images as store

OWN = replace(IMAGE, id="img-00000001", name="golden", region=REGION)
LOGIN = {"keep_image_login": True}


@pytest.fixture(autouse=True)
def own(cloud: Cloud) -> None:
    """An image of this home's own, and its file."""
    with cloud.store.writing() as connection:
        store.put(connection, OWN)
    images.private_file(cloud, OWN.id).parent.mkdir(parents=True)
    images.private_file(cloud, OWN.id).touch()


def test_its_file_waits_for_a_reinstallation_that_was_accepted(cloud: Cloud) -> None:
    instance = launched(cloud)
    submit(cloud, Verb.REINSTALL, instance.id, arguments={"image": OWN.id, **LOGIN})
    image_removal.delete(cloud, REGION, [OWN.id])
    assert images.file_of(cloud, OWN.id).exists()
    settled(cloud, instance.id)
    image_removal.sweep(cloud)
    with pytest.raises(NotFound):
        images.file_of(cloud, OWN.id)


def test_of_a_deleted_image_nothing_is_installed_any_more(cloud: Cloud) -> None:
    instance = launched(cloud, image=OWN.id)
    image_removal.delete(cloud, REGION, [OWN.id])
    assert images.file_of(cloud, OWN.id).exists()
    for image in ("", OWN.id):
        with pytest.raises(NotFound) as refused:
            submit(cloud, Verb.REINSTALL, instance.id, arguments={"image": image, **LOGIN})
        assert refused.value.code == "InvalidImageId.NotFound"
