"""`web`: what is typed, and what the process does; the pages themselves are in tests/web."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest

from tests.cli.rigs import CliRig
from tests.store.bench import Bench


def test_it_serves_this_machine_until_it_is_told_to_end(rig: CliRig, bench: Bench) -> None:
    process = subprocess.Popen(
        [*rig.program, "web", "--port", "0"], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        address = process.stderr.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{address}api/v1/status", timeout=20) as got:
            assert json.load(got)["rig"] == "rig-1"
        before = sorted(each.name for each in Path(rig.base).rglob("*"))
        with urllib.request.urlopen(address, timeout=20) as got:
            assert b"Is everything of today safe?" in got.read()
        assert sorted(each.name for each in Path(rig.base).rglob("*")) == before
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert process.stderr.read() == ""
        process.stderr.close()


def test_whoever_opens_it_to_others_is_told_what_they_see(rig: CliRig, bench: Bench) -> None:
    rig.stop.set()
    assert "There is no login" in rig.type("web", "--host", "0.0.0.0", "--port", "0").stderr
    for host in ("127.0.0.1", "localhost", "::1"):
        result = rig.type("web", "--host", host, "--port", "0")
        assert result.exit_code == 0
        assert len(result.stderr.splitlines()) == 1


def test_a_port_that_is_taken_and_a_rig_that_is_not_are_told(rig: CliRig, bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = rig.type("web", "--port", str(taken.getsockname()[1]))
    assert (result.exit_code, "another --port" in result.stderr) == (78, True)
    result = rig.type("web", "--port", "0", "--rig", "nobody's")
    assert (result.exit_code, "no rig nobody's" in result.stderr) == (1, True)


def test_without_its_packages_it_says_what_to_install(
    rig: CliRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "archived.web.app", None)
    result = rig.type("web")

    assert result.exit_code == 1
    assert "pip install 'archived[web]'" in result.stderr
