"""The search for planted secrets finds them, however they are spelled."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.security.taint import Needles, World, planted

SECRET = planted("this")
NEEDLES = Needles({"this": SECRET})


@pytest.mark.parametrize(
    "data",
    [
        SECRET,
        f"before{SECRET}after",
        SECRET[3:11],
        SECRET[-8:],
        quote(SECRET, safe=""),
        json.dumps({"key": SECRET}),
        base64.b64encode(f"some-client-id:{SECRET}".encode()).decode(),
        base64.b64encode(f"x:{SECRET}".encode()).decode(),
        base64.urlsafe_b64encode(f"xy:{SECRET}".encode()).decode(),
        SECRET.encode().hex(),
        "x" * 262_140 + SECRET,
    ],
    ids=range(11),
)
def test_a_secret_is_found(data: str) -> None:
    assert NEEDLES.found(data.encode()).keys() == {"this"}


@pytest.mark.parametrize(
    "data", ["", SECRET[:7], planted("other"), "(not shown)" * 99], ids=range(4)
)
def test_what_is_none_is_not(data: str) -> None:
    assert NEEDLES.found(data.encode()) == {}


def test_files_output_arguments_and_environment_are_all_searched(tmp_path: Path) -> None:
    world = World(tmp_path)
    secret = world.secret("planted")
    world.secret_file("planted")
    (tmp_path / "tmp" / "leak").write_text(secret)
    done = world.run("-c", secret, module="timeit", environ={"X": secret})
    assert done.returncode != 0

    found = " ".join(world.search())

    for place in ("tmp/leak", "stderr of", "/proc/PID/cmdline", "/proc/PID/environ"):
        assert place in found
    assert ".secret" not in found


LEAKING = """\
import atexit, os, sys, threading

def main():
    atexit.register(print, "at the end", os.environ["X"])
    threading.Thread(target=print, args=("in a thread", os.environ["X"])).start()
    with open("left", "w") as file:
        file.write(sys.argv[1])
    raise ValueError(os.environ["X"])
"""


def test_so_is_what_a_program_leaves_that_was_forked(tmp_path: Path) -> None:
    world = World(tmp_path)
    secrets = {label: world.secret(label) for label in ("word", "variable")}
    (tmp_path / "fake" / "leaking.py").write_text(LEAKING)
    done = world.fork("leaking", secrets["word"], environ={"X": secrets["variable"]})

    assert done.returncode == 1
    assert b"at the end" in done.stdout
    assert b"in a thread" in done.stdout
    assert b"ValueError" in done.stderr
    found = " ".join(world.search())
    assert f"word in {tmp_path}/left" in found
    for place in ("stdout of", "stderr of"):
        assert f"variable in {place}" in found
