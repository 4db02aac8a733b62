"""Names on disk are hostile: whatever a folder is called, no command lets it speak to the terminal."""

from __future__ import annotations

import os

import pytest

from archived.core.model import Unrecognised
from tests.builders import NOON
from tests.cli.rigs import HOSTILE, CliRig
from tests.store.bench import ROOT, Bench

NAME = f"raw-ephys/{HOSTILE}"
PRINTED = r"raw-ephys/SC011/catgt_SC011_022319_g0\x1b[31m\nred\xff\u202e"


@pytest.fixture
def hostile(bench: Bench) -> Bench:
    """A store full of such names: a failed dataset, one that travels, an alarm, something unrecognised."""
    bench.ready("\x1b]0;owned\x07.ap.bin", dataset=HOSTILE)
    batch = bench.plan(HOSTILE)
    bench.submit(batch)
    bench.store.update_batch(
        batch.id, files_done=0, bytes_done=0, rate=None, nice_status="\x1b[5mOK", now=NOON
    )
    bench.fail(batch, needs_person="bad \x1b[7m thing\nin \u202eit")
    other = HOSTILE + "2"
    bench.ready("b\r.ap.bin", dataset=other)
    travelling = bench.plan(other)
    bench.submit(travelling)
    bench.store.update_batch(
        travelling.id, files_done=0, bytes_done=0, rate=None, nice_status="\x1b[5m\x07", now=NOON
    )
    bench.store.raise_alarm("root:\x1b[1m", "\x1b[1m is away\u202e", "look at \x1b[1m", NOON)
    bench.store.set_unrecognised(
        ROOT, [Unrecognised("SC\x1b[31m/x\udcff", "odd \x07", "\u202e{h2o}")], NOON
    )
    return bench


@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["status", "--json"],
        ["list"],
        ["list", "--json"],
        ["show", NAME],
        ["show", PRINTED],
        ["show", NAME, "--json"],
        ["show", NAME + "nothing"],
        ["events"],
        ["events", "--json"],
        ["events", NAME],
        ["why", NAME],
        ["why", NAME, "--json"],
        ["why", "/elsewhere/\x1b[31m\udcff"],
        ["why", "\x1b[31m\udcff", "--json"],
        ["check", "--offline"],
        ["check", "--offline", "--json"],
        ["retry", NAME, "--dry-run"],
        ["retry", NAME],
        ["retry", NAME, "--json"],
        ["accept", NAME],
        ["hold", NAME],
        ["hold", "--all"],
        ["release", NAME],
        ["pause", "--why", "\x1b[31m\n"],
        ["list", "--state", "\x1b[31m"],
        ["list", "--date", "\x1b[31m"],
        ["\x1b[31m"],
        ["list", "--\x1b[31m"],
        ["simulate", "--collection", "\x1b[31m=\udcff"],
        ["completion", "\x1b[31m"],
    ],
    ids=lambda words: " ".join(ascii(word)[1:-1][-12:] for word in words),
)
def test_no_command_prints_what_steers_a_terminal(
    rig: CliRig, hostile: Bench, words: list[str]
) -> None:
    result = rig.type(*words)

    shown = result.stdout + result.stderr
    assert shown
    assert [char for char in shown if not char.isprintable() and char != "\n"] == []
    assert "\nred" not in shown


def test_a_name_can_be_typed_as_it_is_printed(rig: CliRig, hostile: Bench) -> None:
    [listed, _] = [view["name"] for view in rig.json("list")]

    assert listed == PRINTED
    assert rig.json("show", PRINTED)["state"] == "failed"
    assert rig.json("show", NAME)["state"] == "failed"
    assert [view["name"] for view in rig.json("list", PRINTED)] == [PRINTED]
    assert rig.json("retry", PRINTED)["moved"][0]["after"] == "settling"


def test_a_name_that_has_a_backslash_itself_is_found_too(rig: CliRig, bench: Bench) -> None:
    bench.ready("a.bin", dataset=r"SC011/catgt_SC011_022319_g0\x1b")

    assert rig.json("show", r"raw-ephys/SC011/catgt_SC011_022319_g0\x1b")["state"] == "ready"


def test_such_a_folder_on_the_disk_is_explained(rig: CliRig, bench: Bench) -> None:
    folder = os.fsencode(rig.root / HOSTILE)
    os.makedirs(folder)
    with open(folder + b"/x\x1b.ap.bin", "wb") as file:
        file.write(b"x")

    result = rig.type("why", os.fsdecode(folder))
    view = rig.json("why", os.fsdecode(folder))

    assert view["recognised"] is False
    assert "\x1b" not in result.stdout
