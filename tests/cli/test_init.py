"""`init`: a conversation at a real terminal, the same by flags, and nothing half-written, whatever happens."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from archived import clock, config
from archived.cli import init
from archived.core.model import CollectionArchive, DirectoryArchive
from archived.simulator import running
from tests.cli.contract import fits
from tests.cli.globus import ARCHIVE_COLLECTION, RIG_COLLECTION
from tests.cli.rigs import CliRig

PATIENCE = 40.0
CTRL_C = "\x03"


@pytest.fixture
def rig(rig: CliRig) -> CliRig:
    """A rig without a configuration, in whose folder recordings lie already."""
    rig.configuration.unlink()
    (rig.root / "SC011" / "catgt_SC011_022319_g0").mkdir(parents=True)
    (rig.root / "SC011" / "02232019" / "video").mkdir(parents=True)
    return rig


def by_flags(rig: CliRig, *more: str, root: str | None = None) -> list[str]:
    """The words that say all that is needed for directories."""
    archive = rig.base / "archive"
    return [
        "init", "-o", str(rig.configuration), "--root", root or str(rig.root), "--offline",
        "--location", f"raw-ephys={archive}/ephys", "--location", f"raw-video={archive}/video", *more,
    ]  # fmt: skip


def answer(
    line: Sequence[str], answers: Sequence[tuple[str, str]], environ: dict[str, str]
) -> tuple[int, str]:
    """Have a conversation through a pty: each answer is typed when its question stands there."""
    master, slave = pty.openpty()
    # Whoever runs the tests in the background of a shell has Ctrl-C ignored, and hands that on.
    words = ["env", "--default-signal=INT", *line]
    process = subprocess.Popen(
        words, stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True
    )
    os.close(slave)
    said, waiting = "", list(answers)
    until = clock.monotonic() + PATIENCE
    seen = 0
    left: float | None = None
    while clock.monotonic() < until:
        if waiting and (at := said.find(waiting[0][0], seen)) >= 0:
            seen = at + len(waiting[0][0])
            typed = waiting.pop(0)[1]
            if typed == CTRL_C:
                process.send_signal(signal.SIGINT)
                left = clock.monotonic()
            else:
                os.write(master, typed.encode())
        if not select.select([master], [], [], 0.2)[0]:
            if process.poll() is not None:
                break
            if left is not None and clock.monotonic() > left + 3:
                # It came just before Python began to read, which then goes on: a person types it again.
                process.send_signal(signal.SIGINT)
                left = clock.monotonic()
            continue
        try:
            chunk = os.read(master, 65536)
        except OSError:  # the last to hold the other end has closed it
            break
        if not chunk:
            break
        said += chunk.decode(errors="replace")
    code = process.wait(PATIENCE)
    os.close(master)
    assert not waiting, (waiting, said)
    return code, said


def test_a_whole_conversation_ends_in_a_checked_configuration(rig: CliRig) -> None:
    folders = {RIG_COLLECTION: rig.root, ARCHIVE_COLLECTION: rig.base / "archive"}
    secret = rig.base / "state" / "secret"
    secret.touch(mode=0o600)
    with running(folders) as globus:
        secret.write_text(globus.client_secret)
        variables = {
            key: each for key, each in globus.environment.items() if key.startswith("GLOBUS_SDK_")
        }
        plain = {
            key: each
            for key, each in os.environ.items()
            if key not in globus.environment and not key.startswith("ARCHIVED_")
        }
        environ = {
            **plain,
            **variables,
            "TERM": "dumb",
            "COLUMNS": "200",
            "XDG_STATE_HOME": str(rig.base / "xdg"),
        }
        code, said = answer(
            [*rig.program[:3], "init", "-o", str(rig.configuration)],
            [
                ("Name of this rig", "no good name\n"),
                ("Name of this rig", "ephys-1\n"),
                ("Folder that is watched", f"{rig.root}\n"),
                ("Archive of raw-ephys", f"{ARCHIVE_COLLECTION}:/ephys\n"),
                ("Archive of raw-video", "\n"),
                ("Another location", "\n"),
                ("Conventions of raw-ephys [catgt]", "\n"),
                ("Where the catalogue is kept", f"{rig.base}/state/archived.db\n"),
                ("Globus collection", f"{RIG_COLLECTION}\n"),
                ("Place of the folder inside", "/\n"),
                ("Account", "service\n"),
                ("Client id", f"{globus.client_id}\n"),
                ("holds the client secret", f"{secret}\n"),
            ],
            environ,
        )  # fmt: skip

    assert code == 0, said
    assert "expected a name of at most 64 letters" in said
    assert "1 recording of the convention catgt" in said
    assert f"archived -c {rig.configuration}" in said
    made = config.load(rig.configuration, {})
    [location] = [each.location for each in made.locations]
    assert made.rig == "ephys-1"
    assert location.archive == CollectionArchive(ARCHIVE_COLLECTION, "/ephys")
    assert made.globus.client_secret() == globus.client_secret
    assert globus.client_secret not in rig.configuration.read_text()


def test_leaving_in_the_middle_writes_nothing(rig: CliRig) -> None:
    environ = {key: each for key, each in os.environ.items() if not key.startswith("ARCHIVED_")}

    code, said = answer(
        [*rig.program[:3], "init", "-o", str(rig.configuration)],
        [("Name of this rig", "\n"), ("Folder that is watched", CTRL_C)],
        environ,
    )

    assert code == 1, said
    assert "nothing was changed" in said
    assert [each.name for each in rig.base.iterdir() if "ini" in each.name] == []


@pytest.mark.parametrize("place", ["rig", "archive/ephys"])
def test_nothing_is_written_where_recordings_lie_or_their_copies(rig: CliRig, place: str) -> None:
    folder = rig.root if place == "rig" else rig.base / place
    words = by_flags(rig)
    words[2] = str(folder / "archived.ini")

    refused = rig.type_plainly(*words)

    assert refused.exit_code == 78
    assert "writes nothing of its own" in refused.stderr
    assert [each.name for each in folder.iterdir() if "ini" in each.name] == []


def test_what_is_typed_next_for_the_service_is_typed_as_its_user() -> None:
    said = init._next(Path("/etc/archived/rig 1.ini"), "person")

    assert said[0] == "sudo -u archived archivedctl -c '/etc/archived/rig 1.ini' login"
    assert said[1].startswith("sudo -u archived archivedctl")


def test_by_flags_nothing_is_asked_and_the_file_is_read_back(rig: CliRig) -> None:
    rig.configuration.write_text("theirs")
    refused = rig.type_plainly(*by_flags(rig))
    assert refused.exit_code == 78
    assert "--force" in refused.stderr
    assert rig.configuration.read_text() == "theirs"

    result = rig.type_plainly(
        *by_flags(rig, "--force", "--rig", "r2", "--store", f"{rig.base}/state/a.db")
    )

    assert result.exit_code == 0, result.output
    made = config.load(rig.configuration, {})
    assert {each.location.name: each.location.archive for each in made.locations} == {
        "raw-ephys": DirectoryArchive(f"{rig.base}/archive/ephys"),
        "raw-video": DirectoryArchive(f"{rig.base}/archive/video"),
    }
    assert [each.location.conventions for each in made.locations] == [
        ("catgt",),
        ("tracking-video",),
    ]
    assert (made.rig, made.store) == ("r2", f"{rig.base}/state/a.db")
    mode = stat.S_IMODE(rig.configuration.stat().st_mode)
    assert mode | 0o640 == 0o640
    assert mode & 0o600 == 0o600
    assert "archived -c" in result.stdout


def test_as_json_it_tells_what_was_written_and_found(rig: CliRig) -> None:
    result = rig.type_plainly(*by_flags(rig, "--json", "--yes"))

    view = json.loads(result.stdout)
    fits(view, "init")
    assert view["text"] == rig.configuration.read_text()
    assert view["check"]["ok"] is True


@pytest.mark.parametrize(
    ("words", "flag"),
    [
        (["--location", "raw-ephys=/mnt/nas"], "--root"),
        (["--root", "/data/raw"], "--location"),
        (["--root", "/data/raw", "--location", "mine=/mnt/nas"], "--conventions mine="),
        (["--root", "/data/raw", "--location", f"raw-ephys={ARCHIVE_COLLECTION}:/"], "--collection"),
        (["--root", "/data/raw", "--location", f"raw-ephys={ARCHIVE_COLLECTION}:/", "--collection", RIG_COLLECTION], "--client-id"),
        (["--root", "/data/raw", "--location", f"raw-ephys={ARCHIVE_COLLECTION}:/", "--collection", RIG_COLLECTION,
          "--client-id", RIG_COLLECTION, "--account", "service"], "--secret-file"),
        (["--root", "/d\n[archived]", "--location", "raw-ephys=/mnt/nas"], "--root"),
        (["--root", "/data/a ; b", "--location", "raw-ephys=/mnt/nas"], "--root"),
        (["--root", "/data/raw", "--location", "raw-ephys=/mnt/nas", "--store", "mysql://u:geheim@s/d"], "--store"),
        (["--root", "/data/raw", "--location", "raw-ephys=/mnt/nas", "--conventions", "other=catgt"], "--conventions"),
    ],
)  # fmt: skip
def test_what_is_needed_or_cannot_be_is_a_usage_error_that_names_the_flag(
    rig: CliRig, words: list[str], flag: str
) -> None:
    result = rig.type_plainly("init", "--yes", "-o", str(rig.configuration), *words)

    assert result.exit_code == 2
    assert flag in result.stderr
    assert not rig.configuration.exists()
    assert not any(each in result.stderr.rstrip("\n").replace("\n", "") for each in ("\x1b", "\r"))


def test_a_folder_with_an_odd_name_comes_back_as_it_is(rig: CliRig) -> None:
    odd = rig.base / "Größe #1 [a] = %(x)s ünd $x"
    odd.mkdir()

    result = rig.type_plainly(*by_flags(rig, root=str(odd)))

    if result.exit_code == 2:
        assert "cannot hold" in result.stderr
        assert not rig.configuration.exists()
    else:
        assert {
            Path(each.location.root) for each in config.load(rig.configuration, {}).locations
        } == {odd}


def test_mistakes_that_only_the_whole_shows_leave_no_file(rig: CliRig) -> None:
    inside = rig.root / "archive"

    result = rig.type_plainly(
        "init",
        "-o",
        str(rig.configuration),
        "--root",
        str(rig.root),
        "--location",
        f"raw-ephys={inside}",
    )

    assert result.exit_code == 78
    assert "nothing was written" in result.stderr
    assert str(inside) in result.stderr
    assert not rig.configuration.exists()
