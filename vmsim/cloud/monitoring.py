"""What an instance used, read back."""

from __future__ import annotations

from vmsim.cloud.context import Cloud
from vmsim.model.errors import NotFound
from vmsim.model.sample import Sample
from vmsim.store import instances, samples


def samples_of(cloud: Cloud, region: str, instance_id: str, since: float, until: float) -> list[Sample]:
    """Those that ended in this time, oldest first. Raises NotFound for what is no instance of the region."""
    with cloud.store.reading() as connection:
        instance = instances.one(connection, instance_id)
        if instance is None or instance.region != region:
            raise NotFound("instance", instance_id, code="InvalidParameterValue")
        return samples.between(connection, instance_id, since, until)
