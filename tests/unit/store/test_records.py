"""Every record comes back as it went in."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime, timedelta, timezone
from ipaddress import IPv4Network

from vmsim.model.disk import Disk, DiskState, DiskUsage, Snapshot, SnapshotState
from vmsim.model.image import Image, ImageState
from vmsim.model.instance import Instance, LatestOperation
from vmsim.model.job import JobKind, JobRecord
from vmsim.model.key_pair import KeyPair
from vmsim.model.lifecycle import InstanceState, OperationState, Verb
from vmsim.model.network import Subnet, Vpc
from vmsim.model.operation import Caller, OperationRecord
from vmsim.model.readiness import Rung
from vmsim.store import (
    client_tokens,
    disks,
    events,
    images,
    instances,
    jobs,
    key_pairs,
    networks,
    operations,
    schema,
    snapshots,
    tags,
    times,
)
from vmsim.store.database import Store

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone.utc)
DISKS = tuple(
    Disk(f"disk-0000000{n}", "ins-00000001", "r", "r-1", n, "CLOUD_SSD", 10 + n, f"d{n}", n == 0, f"/d{n}")
    for n in range(2)
)
LOOSE = Disk(
    "disk-00000009",
    "",
    "r",
    "r-1",
    -1,
    "CLOUD_SSD",
    10,
    "loose",
    False,
    "/loose",
    DiskState.ROLLBACKING,
    DiskUsage.DATA,
    portable=True,
    charge_type="PREPAID",
    created=AT,
    project_id=1,
    snapshot_id="snap-1",
    last_instance_id="ins-00000001",
    rollback_percent=50,
    renew_flag="NOTIFY_AND_AUTO_RENEW",
    deadline=AT + timedelta(30),
    delete_snapshot=True,
    error_prompt="oh",
    tags={"a": "1"},
)
SNAPSHOT = Snapshot(
    "snap-1",
    "r",
    "r-1",
    LOOSE.id,
    DiskUsage.DATA,
    10,
    "s",
    SnapshotState.CREATING,
    7,
    AT,
    AT + timedelta(1),
    "/s",
    1,
    {"login_user": "root"},
    {"a": "1"},
    ("img-1",),
)
JOB = JobRecord(
    id="job-1",
    kind=JobKind.ATTACH_DISK,
    subject_id=LOOSE.id,
    instance_id="ins-00000001",
    arguments={"n": 1},
    caller=Caller("api", "AKID"),
    request_id="request",
    state=OperationState.OPERATING,
    step="accepted",
    began=AT,
    evidence={"a": [1]},
)
INSTANCE = Instance(
    id="ins-00000001",
    uuid="u-1",
    region="r",
    zone="r-1",
    name="näme '\"%",
    host_name="host",
    type_name="T.1",
    cpu=2,
    memory_mib=512,
    image_id="img-1",
    state=InstanceState.STOPPING,
    state_reason="why",
    charge_type="POSTPAID_BY_HOUR",
    stop_charging=True,
    created=AT,
    mac="52:54:00:10:00:02",
    vpc_id="vpc-1",
    subnet_id="subnet-1",
    private_ip="172.16.0.2",
    public_ip="203.0.113.1",
    bandwidth_out=5,
    internet_charge_type="X",
    security_group_ids=("sg-1", "sg-2"),
    login_user="root",
    password="random",
    password_hash="$6$x",
    host_key="ssh-ed25519 AAAA",
    key_ids=("skey-00000001", "skey-00000002"),
    user_data="eA==",
    tags={"a": "1", "b": ""},
    project_id=7,
    protected=True,
    latest=LatestOperation(Verb.STOP, OperationState.FAILED, "request", "error"),
    rung=Rung.SSH,
    paused="ioerror",
    disks=DISKS,
    boot_with_lab=True,
    prepaid_months=3,
    renew_flag="NOTIFY_AND_AUTO_RENEW",
    expires=AT + timedelta(90),
    isolated_source="MANMADE",
    isolated_at=AT + timedelta(2),
    cam_role="role",
    pending_host_name=True,
    metadata={"k": "v"},
)
RECORD = OperationRecord(
    id="op-1",
    instance_id="ins-00000001",
    verb=Verb.RESET_TYPE,
    arguments={"type_name": "T", "n": 1},
    caller=Caller("api", "AKID"),
    request_id="request",
    state=OperationState.FAILED,
    step="define",
    phase="failed",
    began=AT,
    ended=AT + timedelta(microseconds=1),
    error="no",
    lab_boot="boot",
    force=True,
    began_in="RUNNING",
    evidence={"stop": {"presses": [0.5], "none": None}},
    escalated=True,
)


def without(instance: Instance) -> Instance:
    """The least an instance can have."""
    return replace(
        instance,
        id="ins-00000002",
        uuid="u-2",
        public_ip=None,
        password=None,
        password_hash=None,
        key_ids=(),
        tags={},
        security_group_ids=(),
        latest=LatestOperation(),
        disks=(),
    )


def test_instances(store: Store) -> None:
    with store.writing() as connection:
        for one in (INSTANCE, without(INSTANCE)):
            instances.add(connection, one)
    with store.reading() as connection:
        assert instances.one(connection, INSTANCE.id) == INSTANCE
        assert instances.by_uuid(connection, "u-2") == without(INSTANCE)
        assert set(instances.by_ids(connection, [INSTANCE.id, "ins-99999999"])) == {INSTANCE.id}
        assert instances.one(connection, "ins-99999999") is None


def test_every_field_of_an_instance_can_be_changed_by_its_own_name(store: Store) -> None:
    other = replace(
        INSTANCE,
        state=InstanceState.RUNNING,
        rung=Rung.OFF,
        latest=LatestOperation(),
        key_ids=("skey-00000009",),
        state_reason="",
        public_ip=None,
        stop_charging=False,
        memory_mib=1,
        password=None,
    )
    changed = {
        field.name: getattr(other, field.name)
        for field in fields(Instance)
        if getattr(other, field.name) != getattr(INSTANCE, field.name)
    }
    with store.writing() as connection:
        instances.add(connection, INSTANCE)
        instances.change(connection, INSTANCE.id, **changed)
    with store.reading() as connection:
        assert instances.one(connection, INSTANCE.id) == other


def test_a_removed_instance_leaves_no_row(store: Store) -> None:
    with store.writing() as connection:
        instances.add(connection, INSTANCE)
        instances.remove(connection, INSTANCE.id)
    with store.reading() as connection:
        for table in (schema.instances, schema.disks, schema.instance_keys, schema.tags):
            assert connection.execute(table.select()).all() == [], table.name


def test_newest_first_and_pages(store: Store) -> None:
    made = [replace(without(INSTANCE), id=f"ins-0000000{n}", uuid=f"u{n}", created=AT + timedelta(n)) for n in range(5)]
    with store.writing() as connection:
        for one in made:
            instances.add(connection, one)
    with store.reading() as connection:
        assert instances.where(connection) == made[::-1]
        assert instances.where(connection, offset=1, limit=2) == [made[3], made[2]]
        assert instances.count(connection) == 5


def test_memory_is_promised_to_what_is_not_off(store: Store) -> None:
    with store.writing() as connection:
        for number, state in enumerate(InstanceState):
            one = replace(without(INSTANCE), id=f"ins-0000000{number}", uuid=f"u{number}", state=state, memory_mib=1)
            instances.add(connection, replace(one, memory_mib=2**number))
    off = {InstanceState.STOPPED, InstanceState.LAUNCH_FAILED, InstanceState.SHUTDOWN}
    expected = sum(2**number for number, state in enumerate(InstanceState) if state not in off)
    running = list(InstanceState).index(InstanceState.RUNNING)
    with store.reading() as connection:
        assert instances.running_memory_mib(connection) == expected
        assert instances.running_memory_mib(connection, [f"ins-0000000{running}"]) == expected - 2**running


def test_operations(store: Store) -> None:
    under_way = replace(RECORD, id="op-2", state=OperationState.OPERATING, ended=None)
    with store.writing() as connection:
        operations.add(connection, RECORD)
        operations.add(connection, under_way)
    with store.reading() as connection:
        assert operations.one(connection, "op-1") == RECORD
        assert operations.unsettled(connection) == [under_way]
        assert operations.under_way(connection, RECORD.instance_id) == under_way
        assert operations.latest_of(connection, RECORD.instance_id, 10) == [under_way, RECORD]
        assert operations.latest_of(connection, RECORD.instance_id, 1) == [under_way]
        assert operations.one(connection, "op-9") is None
    with store.writing() as connection:
        operations.change(connection, "op-2", state=OperationState.FAILED, ended=RECORD.ended)
    with store.reading() as connection:
        assert operations.one(connection, "op-2") == replace(RECORD, id="op-2")


def test_key_pairs(store: Store) -> None:
    key = KeyPair("skey-00000001", "r", "mine", "ssh-rsa A", 3, "words", AT, {"a": "1"}, (INSTANCE.id,), True)
    with store.writing() as connection:
        instances.add(connection, INSTANCE)
        key_pairs.add(connection, key)
    with store.reading() as connection:
        assert key_pairs.where(connection) == [key]
        assert key_pairs.by_ids(connection, "elsewhere", [key.id]) == {}
    with store.writing() as connection:
        key_pairs.remove(connection, key.id)
    with store.reading() as connection:
        assert key_pairs.where(connection) == []
        assert tags.of(connection, [key.id]) == {key.id: {}}


def test_api_keys(store: Store) -> None:
    with store.writing() as connection:
        key_pairs.add_api_key(connection, "B", "b", "second", AT + timedelta(1))
        key_pairs.add_api_key(connection, "A", "a", "first", AT)
    with store.reading() as connection:
        assert key_pairs.first_api_key(connection) == ("A", "a")
        assert key_pairs.api_secret(connection, "B") == "b"
        assert key_pairs.api_secret(connection, "C") is None
    with store.writing() as connection:
        connection.execute(schema.api_keys.update().values(enabled=False))
    with store.reading() as connection:
        assert key_pairs.api_secret(connection, "A") is None


def test_images_are_replaced_by_id(store: Store) -> None:
    image = Image(
        "img-1",
        "tiny",
        "os",
        "Debian",
        "x86_64",
        1,
        128,
        "root",
        "/p",
        "0",
        AT,
        "words",
        region="r",
        type="PRIVATE_IMAGE",
        state=ImageState.CREATING,
        percent=3,
        tags={"a": "b"},
        snapshot_ids=("snap-2", "snap-1"),
    )
    with store.writing() as connection:
        images.put(connection, image)
        images.put(connection, replace(image, sha256="1"))
    with store.reading() as connection:
        assert images.all_of(connection) == [replace(image, sha256="1")]


def test_disks_snapshots_and_jobs(store: Store) -> None:
    image = Image("img-1", "i", "os", "p", "x86_64", 1, 1, "root", "/p", "0", AT, snapshot_ids=(SNAPSHOT.id,))
    with store.writing() as connection:
        disks.add(connection, LOOSE)
        snapshots.add(connection, SNAPSHOT)
        images.put(connection, image)
        jobs.add(connection, JOB)
    with store.reading() as connection:
        assert disks.one(connection, LOOSE.id) == LOOSE
        assert disks.by_ids(connection, [LOOSE.id, "disk-none"]) == {LOOSE.id: LOOSE}
        assert snapshots.one(connection, SNAPSHOT.id) == SNAPSHOT
        assert snapshots.counts_by_disk(connection, [LOOSE.id]) == {LOOSE.id: (1, 10)}
        assert jobs.unsettled(connection) == [JOB]
    with store.writing() as connection:
        disks.change(connection, LOOSE.id, state=DiskState.UNATTACHED, deadline=None)
        snapshots.change(connection, SNAPSHOT.id, state=SnapshotState.NORMAL, percent=100)
        jobs.change(connection, JOB.id, state=OperationState.SUCCESS, ended=AT)
        images.remove(connection, image.id)
    with store.reading() as connection:
        changed = disks.one(connection, LOOSE.id)
        assert changed == replace(LOOSE, state=DiskState.UNATTACHED, deadline=None)
        assert snapshots.by_ids(connection, [SNAPSHOT.id])[SNAPSHOT.id].image_ids == ()
        assert jobs.unsettled(connection) == []
        assert [job.ended for job in jobs.latest_of(connection, LOOSE.id, 5)] == [AT]
    with store.writing() as connection:
        disks.remove(connection, LOOSE.id)
        snapshots.remove(connection, SNAPSHOT.id)
        assert tags.of(connection, [LOOSE.id, SNAPSHOT.id]) == {LOOSE.id: {}, SNAPSHOT.id: {}}


def test_networks(store: Store) -> None:
    vpc = Vpc("vpc-1", "r", "n", IPv4Network("172.16.0.0/16"), True)
    subnet = Subnet("subnet-1", "vpc-1", "r", "r-1", "n", IPv4Network("172.16.0.0/20"), True, 1)
    with store.writing() as connection:
        assert networks.next_number(connection) == 1
        networks.add_vpc(connection, vpc)
        networks.add_subnet(connection, subnet)
        assert networks.next_number(connection) == 2
        assert networks.vpcs_where(connection) == [vpc]
        assert networks.subnets_where(connection) == [subnet]


def test_client_tokens_are_forgotten_after_a_day(store: Store) -> None:
    with store.writing() as connection:
        client_tokens.remember(connection, "Run", "r", "t", "digest", ["ins-1"], 1000.0)
        assert client_tokens.answer(connection, "Run", "r", "t") == ("digest", ["ins-1"])
        assert client_tokens.answer(connection, "Run", "elsewhere", "t") is None
        assert client_tokens.answer(connection, "CreateDisks", "r", "t") is None
        client_tokens.remember(connection, "Run", "r", "u", "digest", [], 1000.0 + client_tokens.KEPT_SECONDS + 1)
        assert client_tokens.answer(connection, "Run", "r", "t") is None


def test_events_are_read_in_order_and_cut_at_the_old_end(store: Store) -> None:
    with store.writing() as connection:
        for number in range(10):
            events.add(connection, AT, "k", str(number), instance_id=f"ins-{number % 2}", data={"n": number})
        events.keep(connection, 4)
        assert [event.text for event in events.read(connection, 0, None, 100)] == list("6789")
        assert [event.text for event in events.read(connection, 7, "ins-1", 100)] == list("79")
        assert [event.data for event in events.read(connection, 0, None, 1)] == [{"n": 6}]
        events.keep(connection, 0)
        events.add(connection, AT, "k", "next")
        assert events.read(connection, 0, None, 1)[0].sequence == 11


def test_times_keep_their_order_and_their_zone() -> None:
    china = timezone(timedelta(hours=8))
    moments = [AT, AT + timedelta(microseconds=1), AT.astimezone(china) + timedelta(seconds=1), AT + timedelta(days=1)]
    texts = [times.text(moment) for moment in moments]
    assert texts == sorted(texts)
    assert [times.moment(text) for text in texts] == moments
