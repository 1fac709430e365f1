from __future__ import annotations

import pytest

from cloud_fixture import REGION, launched, put, submit
from vmsim.cloud import key_pairs
from vmsim.cloud.context import Cloud
from vmsim.cloud.query import Filter
from vmsim.host import ssh
from vmsim.model.errors import InUse, VmsimError
from vmsim.model.lifecycle import Verb


def code(action: object, *given: object, **more: object) -> str:
    with pytest.raises(VmsimError) as caught:
        action(*given, **more)  # type: ignore[operator]
    return caught.value.code


def made(cloud: Cloud, name: str, region: str = REGION) -> str:
    return key_pairs.create(cloud, region, name, kind="ed25519")[0].id


def test_names_are_checked_and_single_in_a_region(cloud: Cloud) -> None:
    made(cloud, "mine")
    made(cloud, "mine", "ap-beijing")
    assert code(key_pairs.create, cloud, REGION, "mine", kind="ed25519") == "InvalidKeyPairName.Duplicate"
    assert code(key_pairs.create, cloud, REGION, "") == "InvalidKeyPairNameEmpty"
    assert code(key_pairs.create, cloud, REGION, "x" * 26) == "InvalidKeyPairNameTooLong"
    assert code(key_pairs.create, cloud, REGION, "a-b") == "InvalidKeyPairNameIncludeIllegalChar"
    assert key_pairs.query(cloud, None).total == 2


def test_the_private_half_is_told_once_and_fits(cloud: Cloud) -> None:
    pair, private = key_pairs.create(cloud, REGION, "mine", kind="ed25519")
    assert "PRIVATE KEY" in private
    assert private not in cloud.store.path.read_bytes().decode(errors="replace")
    assert pair.public_key.endswith(pair.id)


@pytest.mark.parametrize(
    "line", ["", "ssh-rsa", "ssh-rsa AAAA", "ssh-dss AAAAB3NzaC1kc3M=", "-----BEGIN", "ssh-ed25519 !"]
)
def test_what_is_no_public_key_is_refused(cloud: Cloud, line: str) -> None:
    assert code(key_pairs.import_public, cloud, REGION, "mine", line) == "InvalidPublicKey.Malformed"


def test_an_imported_key_goes_to_the_guest_with_its_id(cloud: Cloud) -> None:
    public = ssh.generate_key("somebody@somewhere").public
    pair = key_pairs.import_public(cloud, REGION, "mine", public)
    assert key_pairs.public_lines(cloud, REGION, [pair.id]) == [f"{' '.join(public.split()[:2])} {pair.id}"]


def test_a_region_is_full_at_its_limit(cloud: Cloud) -> None:
    public = ssh.generate_key("x").public
    for number in range(key_pairs.MOST_KEYS):
        key_pairs.import_public(cloud, REGION, f"k{number}", public)
    assert code(key_pairs.import_public, cloud, REGION, "more", public) == "InvalidKeyPair.LimitExceeded"
    assert key_pairs.import_public(cloud, "ap-beijing", "more", public)


def test_a_key_in_use_stays_and_so_do_all_that_were_named_with_it(cloud: Cloud) -> None:
    free, bound, coming = made(cloud, "free"), made(cloud, "bound"), made(cloud, "coming")
    put(cloud, launched(cloud).id, key_ids=(bound,))
    submit(cloud, Verb.ASSOCIATE_KEYS, launched(cloud).id, arguments={"key_ids": [coming]})
    for used in (bound, coming):
        with pytest.raises(InUse):
            key_pairs.delete(cloud, REGION, [free, used])
    assert code(key_pairs.delete, cloud, "ap-beijing", [free]) == "InvalidKeyPairId.NotFound"
    assert key_pairs.query(cloud, REGION).total == 3
    key_pairs.delete(cloud, REGION, [free, free])
    assert key_pairs.query(cloud, REGION).total == 2


def test_looking_keys_up(cloud: Cloud) -> None:
    ids = [made(cloud, name) for name in ("a", "b", "c")]
    made(cloud, "a", "ap-beijing")
    assert key_pairs.query(cloud, REGION, filters=[Filter("key-name", ("a", "c"))]).total == 2
    assert key_pairs.query(cloud, None, filters=[Filter("key-name", ("a",))]).total == 2
    assert key_pairs.query(cloud, REGION, filters=[Filter("project-id", ("0", "9" * 40))]).total == 3
    page = key_pairs.query(cloud, REGION, offset=1, limit=1)
    assert (page.total, [key.id for key in page.items]) == (3, ids[1:2])
    assert code(key_pairs.query, cloud, REGION, filters=[Filter("colour", ("a",))]) == "InvalidFilter"
    assert key_pairs.get(cloud, REGION, "b").id == key_pairs.get(cloud, None, ids[1]).id == ids[1]
    with pytest.raises(VmsimError, match="2 key pairs are named a"):
        key_pairs.get(cloud, None, "a")
