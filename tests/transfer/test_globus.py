"""What only the Globus mover has to keep: how it asks, whose task it adopts, and what the service's moods mean."""

from __future__ import annotations

import json
import logging
import time
import traceback
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from archived.core.faults import FaultKind, classify
from archived.core.model import (
    Checksum,
    CollectionArchive,
    Direction,
    DirectoryArchive,
    StorageLocation,
)
from archived.errors import (
    LoginRequiredError,
    NotPermittedError,
    TransferError,
    TransferRefusedError,
    TransferUnavailableError,
)
from archived.ports import TaskState, TransferItem, TransferOrder
from archived.simulator import SimulatedGlobus
from archived.transfer.ends import ends
from archived.transfer.globus import GlobusTransfers
from archived.transfer.globus_documents import submission
from archived.transfer.globus_errors import ChecksumsRefusedError
from archived.transfer.globus_session import GlobusSession
from tests.transfer.benches import Order, codes, ended, until
from tests.transfer.globus_bench import ARCHIVE, RIG, SUBMITTING, GlobusBench, simulated

PATH = "SC011/run/data.bin"
OTHER = "SC011/run/data.meta"


@pytest.fixture
def bench(globus: SimulatedGlobus, tmp_path: Path) -> Iterator[GlobusBench]:
    bench = GlobusBench(tmp_path, globus)
    bench.put(PATH, b"content")
    bench.put(OTHER, b"meta")
    yield bench
    bench.close()


@pytest.fixture
def order(bench: GlobusBench) -> Order:
    return Order(bench)


def asked(globus: SimulatedGlobus, beginning: str) -> int:
    """How many requests there were so far."""
    return sum(f"{each.method} {each.path}".startswith(beginning) for each in globus.requests())


# -- how it asks ------------------------------------------------------------------------------------------------


def test_everything_that_keeps_data_safe_is_said_and_not_left_to_defaults(
    bench: GlobusBench, order: Order
) -> None:
    noted = Checksum("SHA1", "1" * 40)
    given = order(PATH, external=noted)

    bench.mover.submit(given)

    body = next(
        each["body"]
        for each in bench.globus.submissions()
        if each["submission_id"] == given.submission_id
    )
    items = body.pop("DATA")
    assert datetime.fromisoformat(body.pop("deadline")) == given.deadline.replace(microsecond=0)
    assert body == {
        "DATA_TYPE": "transfer",
        "submission_id": given.submission_id,
        "label": given.label,
        "source_endpoint": RIG,
        "destination_endpoint": ARCHIVE,
        "sync_level": 3,
        "verify_checksum": True,
        "preserve_timestamp": True,
        "encrypt_data": False,
        "fail_on_quota_errors": True,
        "skip_source_errors": False,
        "delete_destination_extra": False,
        "notify_on_succeeded": False,
        "notify_on_failed": False,
        "notify_on_inactive": False,
    }
    base = bench.rig_folder.parent.name
    assert items == [
        {
            "DATA_TYPE": "transfer_item",
            "source_path": f"/{base}/rig/{PATH}",
            "destination_path": f"/{base}/archive/{PATH}",
            "recursive": False,
            "external_checksum": "1" * 40,
            "checksum_algorithm": "SHA1",
        }
    ]


def location(**changes: Any) -> StorageLocation:
    values: dict[str, Any] = {
        "name": "raw",
        "archive": CollectionArchive(ARCHIVE, "/archive"),
        "conventions": (),
        "root": "/rig",
        "collection": RIG,
        "collection_path": "/map/raw",
    }
    return StorageLocation(**{**values, **changes})


def big_order(items: int) -> TransferOrder:
    return TransferOrder(
        str(uuid.uuid4()),
        "label",
        Direction.ARCHIVE,
        [
            TransferItem(f"SC011/catgt_SC011_022319_g0/trial_{n:05}_side.avi", n)
            for n in range(items)
        ],
        datetime(2030, 1, 1, tzinfo=UTC),
    )


def test_ten_thousand_files_are_put_into_words_nearly_as_fast_as_they_are_encoded() -> None:
    order, both = big_order(10_000), ends(location(), Direction.ARCHIVE)

    def cpu(work: Any) -> float:
        def once() -> float:
            before = time.process_time()
            work()
            return time.process_time() - before

        return min(once() for _ in range(3))

    body = build(order, both)
    encoding = cpu(lambda: json.dumps(json.loads(body)).encode())
    building = cpu(lambda: build(order, both))

    assert len(json.loads(body)["DATA"]) == 10_000
    assert building < 3 * encoding


def build(order: TransferOrder, both: Any) -> bytes:
    return submission(
        order, both, fail_on_quota_errors=True, encrypt=False, external_checksums=True
    )


@pytest.mark.parametrize(
    ("archive", "collection_path", "expected"),
    [
        ("/", "/", ("/a/b", "/a/b")),
        ("/x/", "/map/raw/", ("/map/raw/a/b", "/x/a/b")),
        ("/x", "/C/globus/map", ("/C/globus/map/a/b", "/x/a/b")),
        ("/~/x", "", ("/a/b", "/~/x/a/b")),
    ],
)
def test_paths_are_put_below_both_folders(
    archive: str, collection_path: str, expected: tuple[str, str]
) -> None:
    both = ends(
        location(archive=CollectionArchive(ARCHIVE, archive), collection_path=collection_path),
        Direction.ARCHIVE,
    )

    assert (both.source.absolute("a/b"), both.destination.absolute("a/b")) == expected
    assert both.source.relative(expected[0]) == "a/b"
    assert both.destination.relative(expected[1]) == "a/b"
    assert both.source.relative("/elsewhere/entirely") in (None, "elsewhere/entirely")


def test_a_name_that_globus_cannot_spell_is_refused(bench: GlobusBench, order: Order) -> None:
    with pytest.raises(TransferRefusedError, match=r"not valid UTF-8"):
        bench.mover.submit(order("SC011/caf\udce9"))


def test_a_location_that_is_no_collection_is_not_for_this_mover(bench: GlobusBench) -> None:
    with pytest.raises(TransferRefusedError, match="is not a collection"):
        GlobusTransfers(location(archive=DirectoryArchive("/mnt")), bench.session)
    with pytest.raises(TransferRefusedError, match="has no collection"):
        GlobusTransfers(location(collection=None), bench.session)


# -- exactly once -----------------------------------------------------------------------------------------------


def test_a_connection_that_breaks_once_is_not_even_noticed(
    bench: GlobusBench, order: Order
) -> None:
    given = order(PATH)
    bench.globus.order("reset", route=SUBMITTING, times=1)

    task_id = bench.mover.submit(given)

    mine = [s for s in bench.globus.submissions() if s["submission_id"] == given.submission_id]
    assert [s["codes"] for s in mine] == [["Accepted", "Duplicate"]]
    assert ended(bench, task_id).state is TaskState.SUCCEEDED


def test_a_task_of_the_very_batch_is_adopted(bench: GlobusBench, order: Order) -> None:
    bench.hold()
    label = f"archived ephys-rig-1 {uuid.uuid4()}"
    first = bench.mover.submit(order(PATH, label=label))

    again = bench.mover.submit(order(PATH, label=label))

    assert again == first


def test_a_task_of_another_batch_is_never_adopted(bench: GlobusBench, order: Order) -> None:
    bench.hold()
    bench.mover.submit(order(PATH, label=f"archived ephys-rig-1 {uuid.uuid4()}"))

    with pytest.raises(TransferUnavailableError, match="same paths") as raised:
        bench.mover.submit(order(PATH, label=f"archived ephys-rig-1 {uuid.uuid4()}"))

    assert raised.value.retry_after is not None
    assert raised.value.retry_after >= 60


def test_labels_without_a_batch_id_are_compared_whole(bench: GlobusBench, order: Order) -> None:
    bench.hold()
    first = bench.mover.submit(order(PATH, label="by hand"))

    assert bench.mover.submit(order(PATH, label="by hand")) == first
    with pytest.raises(TransferUnavailableError):
        bench.mover.submit(order(PATH, label="by hand 2"))


def test_a_submission_whose_task_globus_has_forgotten_is_not_asked_for_for_ever(
    bench: GlobusBench, order: Order
) -> None:
    given = order(PATH)
    task_id = bench.mover.submit(given)
    ended(bench, task_id)
    bench.globus.forget(task_id)

    assert bench.mover.poll(task_id).state is TaskState.UNKNOWN
    with pytest.raises(TransferRefusedError, match="forgotten") as raised:
        bench.mover.submit(given)
    assert "archivedctl retry" in raised.value.what_to_do


# -- the service's moods ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "options", "error", "wait"),
    [
        ("429", {"retry_after": 77}, TransferUnavailableError, 77.0),
        ("503", {"retry_after": 5}, TransferUnavailableError, 5.0),
        ("too_many_tasks", {}, TransferUnavailableError, 600.0),
        ("operation_denied", {}, NotPermittedError, None),
        ("session_expired", {}, NotPermittedError, None),
        ("expired_token", {}, LoginRequiredError, None),
    ],
)
def test_what_the_service_says_becomes_an_error_of_ours(
    bench: GlobusBench,
    order: Order,
    fault: str,
    options: dict[str, Any],
    error: type[TransferError],
    wait: float | None,
) -> None:
    given = order(PATH)
    bench.globus.order(fault, **options)

    def call() -> object:
        if fault in ("operation_denied", "session_expired"):
            return bench.mover.list("")
        return bench.mover.submit(given)

    with pytest.raises(error) as raised:
        call()

    assert raised.value.permanent is (error is not TransferUnavailableError)
    if isinstance(raised.value, TransferUnavailableError):
        assert raised.value.retry_after == wait
    bench.globus.clear_faults()
    call()


@pytest.mark.parametrize("fault", ["429", "503"])
def test_a_service_that_names_a_time_is_not_asked_again_before(
    bench: GlobusBench, fault: str
) -> None:
    bench.mover.reserve()
    bench.globus.order(fault, retry_after=30)
    before = asked(bench.globus, "GET /v0.10/submission_id")

    with pytest.raises(TransferUnavailableError):
        bench.mover.reserve()

    assert asked(bench.globus, "GET /v0.10/submission_id") == before + 1


@pytest.mark.parametrize(
    ("fault", "options"),
    [("500", {}), ("502", {"body": "html"}), ("refuse", {}), ("expired_token", {})],
)
def test_what_is_over_at_once_is_not_even_noticed(
    bench: GlobusBench, fault: str, options: dict[str, Any]
) -> None:
    bench.mover.reserve()
    bench.globus.order(fault, times=1, **options)

    assert bench.mover.reserve()


@pytest.mark.parametrize("body", ["json", "list", "html"])
def test_a_bad_gateway_in_any_dress_is_waited_for(bench: GlobusBench, body: str) -> None:
    bench.globus.order("502", body=body)

    with pytest.raises(TransferUnavailableError):
        bench.mover.list("")


def test_a_service_that_is_away_is_waited_for(tmp_path: Path) -> None:
    with simulated(tmp_path.parent) as globus:
        bench = GlobusBench(tmp_path, globus)
        bench.mover.reserve()
        globus.go_away()

        with pytest.raises(TransferUnavailableError, match="cannot be reached"):
            bench.mover.reserve()

        globus.come_back()
        assert bench.mover.reserve()
        bench.session.close()


def test_an_answer_that_takes_too_long_is_given_up(bench: GlobusBench) -> None:
    hasty = GlobusSession(
        bench.globus.client_id,
        client_secret=bench.globus.client_secret,
        native=False,
        http_timeout=0.2,
    )
    mover = GlobusTransfers(bench.location, hasty)
    mover.reserve()
    bench.globus.order("slow", seconds=0.6)

    with pytest.raises(TransferUnavailableError, match="cannot be reached"):
        mover.reserve()
    hasty.close()


def test_a_wrong_secret_is_the_rigs_fault_and_says_where_to_look(bench: GlobusBench) -> None:
    session = GlobusSession(bench.globus.client_id, client_secret="not this", native=False)

    with pytest.raises(LoginRequiredError, match="not accepted") as raised:
        GlobusTransfers(bench.location, session).reserve()

    assert "client_secret_file" in raised.value.what_to_do
    assert "not this" not in str(raised.value)
    session.close()


def test_a_service_account_without_a_secret_says_so(bench: GlobusBench) -> None:
    session = GlobusSession(bench.globus.client_id, native=False)

    with pytest.raises(LoginRequiredError, match="no client secret"):
        GlobusTransfers(bench.location, session).reserve()


def test_an_environment_that_does_not_exist_is_refused(
    bench: GlobusBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLOBUS_SDK_ENVIRONMENT", "nowhere")
    monkeypatch.delenv("GLOBUS_SDK_SERVICE_URL_AUTH")
    session = GlobusSession(bench.globus.client_id, client_secret="x", native=False)

    with pytest.raises(TransferRefusedError, match="nowhere"):
        GlobusTransfers(bench.location, session).reserve()
    session.close()


def test_a_collection_that_does_not_exist_is_a_mistake_in_the_configuration(
    bench: GlobusBench, order: Order
) -> None:
    wrong = location(archive=CollectionArchive(str(uuid.uuid4()), "/"))
    mover = GlobusTransfers(wrong, bench.session)

    with pytest.raises(TransferUnavailableError, match="could not begin a transfer") as raised:
        mover.submit(order(PATH))
    assert "collection ids" in raised.value.what_to_do
    with pytest.raises(TransferUnavailableError):
        mover.list("")


def test_no_traceback_holds_a_secret_or_what_the_service_answered(
    bench: GlobusBench, order: Order
) -> None:
    bench.mover.reserve()
    voice = bench.session._voice()
    secrets = [bench.globus.client_secret, str(voice.authorizer.access_token)]
    bench.globus.order("operation_denied")
    bench.globus.order("503", message=f"do not say {secrets[1]} aloud", route="*submission_id*")
    told = []
    for call in (lambda: bench.mover.list(""), bench.mover.reserve):
        with pytest.raises(TransferError) as raised:
            call()
        assert raised.value.__cause__ is None
        assert raised.value.__context__ is None
        told.append("".join(traceback.format_exception(raised.value)))

    for text in [*told, repr(bench.session)]:
        assert not any(secret in text for secret in secrets)
        assert "request_id" not in text


# -- consents ---------------------------------------------------------------------------------------------------


@contextmanager
def mapped(tmp_path: Path) -> Iterator[GlobusBench]:
    with simulated(tmp_path.parent, mapped=[ARCHIVE]) as globus:
        bench = GlobusBench(tmp_path, globus)
        bench.put(PATH, b"content")
        yield bench
        bench.session.close()


def test_a_service_account_gets_the_consent_that_a_collection_asks_for(tmp_path: Path) -> None:
    with mapped(tmp_path) as bench:
        assert bench.mover.list("") == []
        assert ended(bench, bench.mover.submit(Order(bench)(PATH))).state is TaskState.SUCCEEDED
        assert bench.mover.consents() == [ARCHIVE]


def test_a_consent_that_does_not_help_is_asked_for_once(tmp_path: Path) -> None:
    with mapped(tmp_path) as bench:
        bench.globus.order("consent_missing", collection=ARCHIVE)

        with pytest.raises(LoginRequiredError, match="consent"):
            bench.mover.list("")

        assert asked(bench.globus, "GET /v0.10/operation") == 2
        bench.globus.clear_faults()
        assert bench.mover.list("") == []


def test_a_consent_that_cannot_be_had_spoils_nothing_else(bench: GlobusBench) -> None:
    """Globus does not know such a scope for most collections, and refuses a token that is asked for with it."""
    bench.globus.order("consent_missing", collection=ARCHIVE, times=1)

    with pytest.raises(LoginRequiredError, match="consent"):
        bench.mover.list("")

    assert bench.mover.list("") == []


def test_threads_that_ask_in_vain_for_a_consent_at_once_spoil_nothing_for_each_other(
    bench: GlobusBench,
) -> None:
    """Each took back what it had found, and one of them had found what another was still trying."""
    bench.globus.order("consent_missing", collection=ARCHIVE)

    def ask(_number: int) -> str:
        with pytest.raises(LoginRequiredError) as caught:
            bench.mover.list("")
        return str(caught.value)

    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(ask, range(40)))

    # Nobody is told of a scope that another one tried.
    assert all("consent" in each for each in told), set(told)
    bench.globus.clear_faults()
    assert bench.mover.list("") == []
    assert bench.mover.reserve()


def test_other_collections_are_not_asked_for_a_consent(bench: GlobusBench) -> None:
    assert bench.mover.consents() == []


# -- how tasks stand --------------------------------------------------------------------------------------------


def test_a_fourth_task_is_queued(bench: GlobusBench, order: Order) -> None:
    bench.hold()
    paths = [f"SC011/run{number}/x" for number in range(4)]
    for path in paths:
        bench.put(path, b"x")

    tasks = [bench.mover.submit(order(path)) for path in paths]
    for task_id in tasks[:3]:
        until(bench, task_id, lambda report: report.state is TaskState.ACTIVE)
    last = bench.mover.poll(tasks[3])

    assert last.state is TaskState.QUEUED
    assert last.nice_status == "Queued"
    assert not last.faulty


def test_a_task_without_a_login_is_suspended(bench: GlobusBench, order: Order) -> None:
    bench.globus.order("inactive", collection=RIG)
    task_id = bench.mover.submit(order(PATH))

    until(bench, task_id, lambda report: report.state is TaskState.SUSPENDED)
    bench.globus.clear_faults()

    assert ended(bench, task_id).state is TaskState.SUCCEEDED


def test_a_pause_is_told_in_the_administrators_words(bench: GlobusBench, order: Order) -> None:
    bench.hold()
    task_id = bench.mover.submit(order(PATH))
    bench.globus.pause_task(task_id, message="new disks until Monday")

    report = until(bench, task_id, lambda report: report.state is TaskState.SUSPENDED)

    assert "new disks until Monday" in report.nice_status
    bench.globus.unpause_task(task_id)


def test_a_task_cancelled_by_an_administrator_is_for_a_person(
    bench: GlobusBench, order: Order
) -> None:
    bench.hold()
    task_id = bench.mover.submit(order(PATH))
    bench.globus.cancel_as_administrator(task_id, who="DESTINATION", message="too much")

    report = ended(bench, task_id)

    assert report.state is TaskState.FAILED
    assert codes(report.faults)[0] == ("CANCELED_BY_ADMIN", None)
    assert "too much" in report.faults[0].message
    assert classify(report.faults[0].code) is FaultKind.PERSON


def test_a_rig_that_is_not_connected_is_shown_as_what_it_is(
    bench: GlobusBench, order: Order
) -> None:
    bench.globus.disconnect(RIG)
    task_id = bench.mover.submit(order(PATH))

    report = until(bench, task_id, lambda report: report.faulty)

    assert report.state is TaskState.ACTIVE
    assert report.faults[0].code == "GC_NOT_CONNECTED"
    assert report.faults[0].path is None
    assert report.nice_status.startswith("GC_NOT_CONNECTED")
    bench.globus.connect(RIG)
    assert ended(bench, task_id).state is TaskState.SUCCEEDED


def test_a_mismatch_on_the_way_mends_itself(bench: GlobusBench, order: Order) -> None:
    # Tests share one service: only this one's folder is concerned.
    bench.globus.order("checksum_mismatch", path=f"*{bench.rig_folder.parent.name}*", times=1)

    report = ended(bench, bench.mover.submit(order(PATH)))

    assert report.state is TaskState.SUCCEEDED
    assert codes(report.faults) == [("VERIFY_CHECKSUM", PATH)]
    assert not report.faulty
    assert bench.archived(PATH) == b"content"


def test_an_archive_that_refuses_a_file_is_told_apart_from_the_rig_that_does(
    bench: GlobusBench, order: Order
) -> None:
    bench.globus.order("permission_denied", collection=ARCHIVE)
    task_id = bench.mover.submit(order(PATH))

    report = until(bench, task_id, lambda report: report.faulty)

    assert codes(report.faults) == [("PERMISSION_DENIED", PATH)]
    assert report.files_done == 0, "whether it is the one file or the rig that is refused"
    assert classify("PERMISSION_DENIED") is FaultKind.PERSON


def test_other_codes_are_handed_on_as_they_are(bench: GlobusBench, order: Order) -> None:
    bench.globus.order("error", code="SOMETHING_NEW")
    task_id = bench.mover.submit(order(PATH))

    report = until(bench, task_id, lambda report: report.faulty)

    assert {fault.code for fault in report.faults} == {"SOMETHING_NEW"}


def test_a_folder_that_stands_where_a_file_should_be_is_told_by_its_name(
    bench: GlobusBench, order: Order
) -> None:
    bench.store(f"{PATH}/inside", b"")
    task_id = bench.mover.submit(order(PATH))

    report = until(bench, task_id, lambda report: report.faulty)

    assert codes(report.faults) == [("IS_A_DIRECTORY", PATH)]
    assert classify("IS_A_DIRECTORY") is FaultKind.SOURCE


# -- proof ------------------------------------------------------------------------------------------------------


def test_long_lists_of_receipts_are_read_to_their_end(bench: GlobusBench, order: Order) -> None:
    paths = [f"SC011/run/{number}" for number in range(7)]
    for path in paths:
        bench.put(path, path.encode())
    task_id = bench.mover.submit(order(*paths))
    ended(bench, task_id)
    page, bench.globus.settings.page = bench.globus.settings.page, 3

    receipts = list(bench.mover.receipts(task_id))

    bench.globus.settings.page = page
    assert sorted(receipt.path for receipt in receipts) == paths
    assert {receipt.source for receipt in receipts} == {"successful transfers"}


def test_a_list_that_is_late_is_waited_for(bench: GlobusBench, order: Order) -> None:
    task_id = bench.mover.submit(order(PATH))
    ended(bench, task_id)
    bench.globus.order("receipts_late", times=1)

    with pytest.raises(TransferUnavailableError):
        list(bench.mover.receipts(task_id))

    assert [receipt.path for receipt in bench.mover.receipts(task_id)] == [PATH]


def test_a_list_that_is_short_right_after_the_end_is_waited_for(
    bench: GlobusBench, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = bench.mover.submit(order(PATH, OTHER))
    ended(bench, task_id)
    moved = list(bench.mover._calls.moved(task_id))

    monkeypatch.setattr(bench.mover._calls, "moved", lambda task_id: iter(moved[:1]))

    for _ in range(5):
        with pytest.raises(TransferUnavailableError, match="1 of 2 files"):
            list(bench.mover.receipts(task_id))
    # A list that stays short is all there is; the rest is looked for in the archive.
    assert len(list(bench.mover.receipts(task_id))) == 1


def test_what_comes_back_has_receipts_as_well(bench: GlobusBench, order: Order) -> None:
    bench.store("SC011/back", b"back")

    task_id = bench.mover.submit(order("SC011/back", direction=Direction.RETRIEVE))
    ended(bench, task_id)
    bench.restart()

    assert [r.path for r in bench.mover.receipts(task_id)] == ["SC011/back"]


def test_a_folder_with_too_many_files_is_an_error_and_not_a_part_of_it(
    bench: GlobusBench,
) -> None:
    for number in range(4):
        bench.store(f"SC011/{number}", b"")
    limit, bench.globus.settings.listing_limit = bench.globus.settings.listing_limit, 3

    with pytest.raises(TransferRefusedError, match="100000") as raised:
        bench.mover.list("SC011")

    bench.globus.settings.listing_limit = limit
    assert "several folders" in raised.value.what_to_do


def test_hidden_files_are_listed(bench: GlobusBench) -> None:
    bench.store("SC011/.hidden", b"x")

    assert [entry.name for entry in bench.mover.list("SC011")] == [".hidden"]


def test_an_archive_that_checks_no_checksums_gets_none_and_that_is_said_once(
    bench: GlobusBench, order: Order, caplog: pytest.LogCaptureFixture
) -> None:
    bench.globus.switch(ARCHIVE, disable_verify=True)
    wrong = Checksum("SHA1", "0" * 40)
    try:
        with caplog.at_level(logging.WARNING, logger="archived"):
            first = ended(bench, bench.mover.submit(order(PATH, external=wrong)))
            second = ended(bench, bench.mover.submit(order(OTHER, external=wrong)))
    finally:
        bench.globus.switch(ARCHIVE, disable_verify=False)

    assert first.state is second.state is TaskState.SUCCEEDED
    assert len([r for r in caplog.records if r.name.startswith("archived")]) == 1
    assert "switched checksums off" in caplog.text


def test_a_service_that_refuses_external_checksums_gets_the_files_without_them(
    bench: GlobusBench,
    order: Order,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    really, refusals = bench.mover._calls.post, 0

    def post(body: bytes) -> Any:
        nonlocal refusals
        if b"external_checksum" in body:
            refusals += 1
            raise ChecksumsRefusedError("checksum_algorithm SHA1 is not supported")
        return really(body)

    monkeypatch.setattr(bench.mover._calls, "post", post)
    noted = Checksum("SHA1", "0" * 40)
    with caplog.at_level(logging.WARNING, logger="archived"):
        for path in (PATH, OTHER):
            report = ended(bench, bench.mover.submit(order(path, external=noted)))
            assert report.state is TaskState.SUCCEEDED

    assert refusals == 1
    assert caplog.text.count("are sent without them from now on") == 1


def test_a_collection_that_turns_out_not_to_check_gets_the_next_order_without_checksums(
    bench: GlobusBench, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.globus.order("error", code="ENDPOINT_ERROR")
    noted = Checksum("SHA1", "0" * 40)
    task_id = bench.mover.submit(order(PATH, external=noted))
    said = {
        "code": "ENDPOINT_ERROR",
        "is_error": True,
        "details": "Message: CKSM SHA1: checksum algorithm not supported",
    }
    monkeypatch.setattr(bench.mover._calls, "errors", lambda task_id: [said])

    report = until(bench, task_id, lambda report: report.faulty)
    assert codes(report.faults) == [("CHECKSUM_UNSUPPORTED", None)]
    assert classify("CHECKSUM_UNSUPPORTED") is FaultKind.SOURCE  # so the task is cancelled
    bench.mover.cancel(task_id)
    bench.globus.clear_faults()

    again = ended(bench, bench.mover.submit(order(PATH, external=noted)))
    assert again.state is TaskState.SUCCEEDED


# -- threads and visits -----------------------------------------------------------------------------------------


def test_many_threads_may_ask_at_once(bench: GlobusBench, order: Order) -> None:
    task_id = bench.mover.submit(order(PATH))

    with ThreadPoolExecutor(4) as threads:
        states = list(threads.map(lambda _: bench.mover.poll(task_id).state, range(40)))

    assert set(states) <= {TaskState.ACTIVE, TaskState.SUCCEEDED}


def test_a_closed_session_refuses_further_calls(bench: GlobusBench) -> None:
    bench.mover.reserve()
    bench.session.close()

    with pytest.raises(TransferUnavailableError, match="closed"):
        bench.mover.reserve()


@pytest.mark.parametrize(
    ("switches", "words"),
    [
        ({"connected": False}, "not connected"),
        ({"paused": True}, "paused"),
        ({"disable_verify": True}, "checksums"),
    ],
)
def test_a_visit_tells_what_is_wrong_with_a_collection(
    bench: GlobusBench, switches: dict[str, bool], words: str
) -> None:
    well = {name: not value for name, value in switches.items()}
    bench.globus.switch(ARCHIVE, **switches)
    try:
        wrong = [finding for finding in bench.mover.check() if not finding.ok]
    finally:
        bench.globus.switch(ARCHIVE, **well)

    assert any(words in finding.what and finding.what_to_do for finding in wrong)
    assert all(ARCHIVE in finding.what or "archive" in finding.what for finding in wrong)


def test_a_visit_tells_of_a_folder_that_does_not_exist(bench: GlobusBench) -> None:
    (bench.archive_folder).rmdir()

    wrong = [finding for finding in bench.mover.check() if not finding.ok]

    assert len(wrong) == 1
    assert "does not exist" in wrong[0].what


def test_a_visit_without_a_login_says_just_that(bench: GlobusBench) -> None:
    session = GlobusSession(bench.globus.client_id, client_secret="wrong", native=False)

    findings = GlobusTransfers(bench.location, session).check()

    assert [finding.ok for finding in findings] == [False]
    assert "login" in findings[0].what
    session.close()
