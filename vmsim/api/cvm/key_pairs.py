"""CreateKeyPair, ImportKeyPair, DescribeKeyPairs, ModifyKeyPairAttribute and DeleteKeyPairs."""

from __future__ import annotations

from typing import Any

from vmsim.api import paging, tags, times
from vmsim.api.action import Call, Reply, action
from vmsim.cloud import key_pairs
from vmsim.model.key_pair import KeyPair


@action("CreateKeyPair")
def create(call: Call) -> Reply:
    """The one reply that ever holds the private key."""
    params = call.params
    pair, private_key = key_pairs.create(
        call.cloud,
        call.region,
        params["KeyName"],
        project_id=params["ProjectId"],
        tags=tags.asked(params, "keypair"),
    )
    return {"KeyPair": {**_view(pair), "PrivateKey": private_key}}


@action("ImportKeyPair")
def import_public(call: Call) -> Reply:
    params = call.params
    pair = key_pairs.import_public(
        call.cloud,
        call.region,
        params["KeyName"],
        params["PublicKey"],
        project_id=params["ProjectId"],
        tags=tags.asked(params, "keypair"),
    )
    return {"KeyId": pair.id}


@action("DescribeKeyPairs")
def describe(call: Call) -> Reply:
    named = paging.given_ids(call.params, "KeyIds", "skey")
    filtered = paging.filters(call.params)
    paging.not_both(named, filtered, "KeyIds")
    page = key_pairs.query(
        call.cloud,
        call.region,
        ids=named,
        filters=filtered,
        offset=paging.offset(call.params, "InvalidParameterValueOffset"),
        limit=paging.limit(call.params, "InvalidParameterValueLimit"),
    )
    return {"TotalCount": page.total, "KeyPairSet": [_view(pair) for pair in page.items]}


@action("ModifyKeyPairAttribute")
def modify(call: Call) -> Reply:
    params = call.params
    key_pairs.modify(
        call.cloud, call.region, params["KeyId"], name=params.get("KeyName"), description=params.get("Description")
    )
    return {}


@action("DeleteKeyPairs")
def delete(call: Call) -> Reply:
    key_pairs.delete(call.cloud, call.region, paging.required_ids(call.params, "KeyIds", "skey"))
    return {}


def _view(pair: KeyPair) -> dict[str, Any]:
    return {
        "KeyId": pair.id,
        "KeyName": pair.name,
        "ProjectId": pair.project_id,
        "Description": pair.description,
        "PublicKey": pair.public_key,
        "AssociatedInstanceIds": list(pair.instance_ids),
        "CreatedTime": times.iso(pair.created),
        "Tags": tags.shown(pair.tags),
    }
