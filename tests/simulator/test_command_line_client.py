"""The real `globus` command line client works against the simulator, in text and in JSON.

Every call starts a program, which takes about a second; so each test makes several.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulator.bench import ARCHIVE, RIG, Bench, bench
from tests.simulator.command_line import CommandLine, program

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="session")
def executable() -> Path:
    return program()


@pytest.fixture
def cli(bench: Bench, executable: Path, tmp_path: Path) -> CommandLine:
    return CommandLine(executable, tmp_path, bench.globus.environment)


@pytest.fixture(name="mapped")
def _mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    with bench(tmp_path, monkeypatch, mapped=[ARCHIVE]) as made:
        yield made


def test_ls(bench: Bench, cli: CommandLine) -> None:
    bench.write("run/one.bin", b"1")
    bench.write("run/probe/two.bin", b"22")
    assert cli.text("ls", f"{RIG}:/run").split() == ["probe/", "one.bin"]
    long = cli.text("ls", "-l", f"{RIG}:/run")
    assert "Last Modified" in long
    assert "one.bin" in long
    deep = cli.text("ls", "-r", f"{RIG}:/run", "--filter", "~*.bin").split()
    assert deep == ["probe/", "one.bin", "probe/two.bin"]
    listing = cli.json("ls", "-r", f"{RIG}:/")
    assert {entry["name"] for entry in listing["DATA"]} == {
        "run",
        "run/one.bin",
        "run/probe",
        "run/probe/two.bin",
    }
    by_size = cli.json("ls", "--orderby", "size:DESC", "--filter", "~*.bin", f"{RIG}:/run/probe")
    assert by_size["DATA"][0]["size"] == 2
    absent = cli.call("ls", f"{RIG}:/absent")
    assert absent.returncode == 1
    assert "ClientError.NotFound" in absent.stderr


def test_transfer_of_one_file(bench: Bench, cli: CommandLine) -> None:
    path = bench.write("a.bin", b"content")
    submission_id = cli.text("task", "generate-submission-id").strip()
    order = ("transfer", f"{RIG}:{path}", f"{ARCHIVE}:/there.bin", "--submission-id", submission_id)
    first = cli.json(*order, "--label", "by hand", "--notify", "off")
    second = cli.json(*order)
    assert (first["code"], second["code"]) == ("Accepted", "Duplicate")
    assert first["task_id"] == second["task_id"]
    assert cli.text("task", "wait", first["task_id"], "--polling-interval", "1") == ""
    assert (bench.archive / "there.bin").read_bytes() == b"content"
    document = bench.task(first["task_id"])
    assert (document["label"], document["verify_checksum"]) == ("by hand", True)


def test_transfer_of_a_batch_with_every_option(bench: Bench, cli: CommandLine) -> None:
    lines = [f"{bench.write(f'{number}.bin')} /batch/{number}.bin" for number in range(3)]
    text = cli.text(
        "transfer", RIG, ARCHIVE, "--batch", "-", "--deadline", "2100-01-01",
        "--sync-level", "checksum", "--checksum-algorithm", "SHA256", "--preserve-timestamp",
        "--fail-on-quota-errors", "--skip-source-errors", given="\n".join(lines),
    )  # fmt: skip
    assert "The transfer has been accepted" in text
    (task,) = bench.globus.wait()
    assert (task["status"], task["files"], task["sync_level"]) == ("SUCCEEDED", 3, 3)
    assert task["deadline"] == "2100-01-01T00:00:00+00:00"
    receipts = cli.text("task", "show", "--successful-transfers", task["task_id"])
    assert receipts.count("SHA256") == 3
    folder = cli.json("transfer", f"{RIG}:/", f"{ARCHIVE}:/all", "--recursive")
    bench.globus.wait()
    assert bench.task(folder["task_id"])["files"] == 3


def test_task_show_of_a_task_that_succeeded(bench: Bench, cli: CommandLine) -> None:
    task_id = bench.submit(bench.write("a.bin", b"content"), label="told", verify_checksum=True)
    bench.globus.wait()
    text = cli.text("task", "show", task_id)
    for words in ("SUCCEEDED", "told", "Completion Time", "Bytes Per Second"):
        assert words in text
    assert cli.json("task", "show", task_id) == bench.task(task_id)
    (receipt,) = cli.json("task", "show", "--successful-transfers", task_id)["DATA"]
    assert (receipt["destination_path"], receipt["size"]) == ("/a.bin", 7)


def test_task_show_of_what_was_skipped(bench: Bench, cli: CommandLine) -> None:
    task_id = bench.submit(bench.write("a.bin"), "/absent", skip_source_errors=True)
    bench.globus.wait()
    assert "FILE_NOT_FOUND" in cli.text("task", "show", "--skipped-errors", task_id)
    (error,) = cli.json("task", "show", "--skipped-errors", task_id)["DATA"]
    assert error["source_path"] == "/absent"


def test_task_show_and_cancel_of_a_task_with_an_error(bench: Bench, cli: CommandLine) -> None:
    task_id = bench.submit("/absent")
    bench.until(task_id, nice_status="FILE_NOT_FOUND")
    text = cli.text("task", "show", task_id)
    assert "FILE_NOT_FOUND" in text
    assert "Deadline" in text
    events = cli.text("task", "event-list", "--filter-errors", task_id)
    assert "FILE_NOT_FOUND" in events
    assert "/absent" in events
    waited = cli.call("task", "wait", task_id, "--timeout", "1", "--polling-interval", "1")
    assert waited.returncode == 1
    cancelled = cli.json("task", "cancel", task_id)
    assert cancelled["code"] == "Canceled"
    assert "CANCELED" in cli.text("task", "event-list", task_id)
    assert cli.json("task", "show", task_id)["fatal_error"]["code"] == "CANCELED"
    listed = [event["code"] for event in cli.json("task", "event-list", task_id)["DATA"]]
    assert listed == bench.codes(task_id)
    assert "completed before the cancel" in cli.text("task", "cancel", task_id)


def test_task_list(bench: Bench, cli: CommandLine) -> None:
    ids = [bench.submit(bench.write(f"{n}.bin"), label=f"archived-{n}") for n in range(2)]
    bench.globus.wait()
    assert all(task_id in cli.text("task", "list") for task_id in ids)
    listed = cli.json(
        "task", "list", "--filter-status", "SUCCEEDED", "--filter-label", "archived-1"
    )
    assert [task["task_id"] for task in listed["DATA"]] == [ids[1]]
    inexact = cli.json("task", "list", "--inexact", "--filter-label", "archived-*")
    assert len(inexact["DATA"]) == 2
    assert cli.json("task", "list", "--filter-requested-after", "2100-01-01")["DATA"] == []


def test_task_update_and_pause_info(bench: Bench, cli: CommandLine) -> None:
    bench.globus.pause()
    task_id = bench.submit(bench.write("a.bin"))
    bench.globus.pause_task(task_id, message="the tape robot is ill")
    assert "the tape robot is ill" in cli.text("task", "pause-info", task_id)
    info = cli.json("task", "pause-info", task_id)
    assert info["source_pause_message"] == "the tape robot is ill"
    cli.text("task", "update", task_id, "--label", "another")
    assert cli.json("task", "show", task_id)["label"] == "another"


def test_stat_mkdir_and_rename(bench: Bench, cli: CommandLine) -> None:
    bench.write("a.bin", b"content")
    assert "a.bin" in cli.text("stat", f"{RIG}:/a.bin")
    assert cli.json("stat", f"{RIG}:/a.bin")["size"] == 7
    assert "Nothing found at /absent" in cli.text("stat", f"{RIG}:/absent")
    assert "created successfully" in cli.text("mkdir", f"{ARCHIVE}:/new")
    assert cli.call("mkdir", f"{ARCHIVE}:/new").returncode == 1
    assert cli.json("mkdir", f"{ARCHIVE}:/newer")["code"] == "DirectoryCreated"
    assert "renamed successfully" in cli.text("rename", ARCHIVE, "/new", "/old")
    assert cli.json("rename", ARCHIVE, "/old", "/older")["code"] == "FileRenamed"
    assert {path.name for path in bench.archive.iterdir()} == {"newer", "older"}


def test_endpoints_and_who_one_is(bench: Bench, cli: CommandLine) -> None:
    bench.globus.switch(ARCHIVE, display_name="The Big Archive")
    shown = cli.text("endpoint", "show", ARCHIVE)
    assert "The Big Archive" in shown
    assert "GCP Connected" in shown
    assert cli.json("endpoint", "show", ARCHIVE)["id"] == ARCHIVE
    assert ARCHIVE in cli.text("endpoint", "search", "big archive")
    assert [one["id"] for one in cli.json("endpoint", "search", "Big")["DATA"]] == [ARCHIVE]
    unknown = cli.call("endpoint", "show", str(uuid.uuid4()))
    assert "EndpointNotFound" in unknown.stderr
    name = f"{bench.globus.client_id}@clients.auth.globus.org"
    assert cli.text("whoami").strip() == name
    assert cli.json("whoami")["preferred_username"] == name
    assert name in cli.text("whoami", "--linked-identities")


def test_a_missing_consent_is_fetched_by_the_client(
    mapped: Bench, executable: Path, tmp_path: Path
) -> None:
    cli = CommandLine(executable, tmp_path, mapped.globus.environment)
    (mapped.archive / "there.bin").write_bytes(b"")
    assert cli.text("ls", f"{ARCHIVE}:/").split() == ["there.bin"]
    statuses = [one.status for one in mapped.globus.requests() if one.path.endswith("/ls")]
    assert statuses == [403, 200]
