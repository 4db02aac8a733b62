"""Starting and stopping: in a process of its own, at an address of this machine only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from queue import SimpleQueue

import pytest
import requests

from archived.errors import ConfigurationError
from archived.simulator import running, serve
from tests.simulator.bench import ARCHIVE, RIG


def test_it_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    told: SimpleQueue[dict[str, str]] = SimpleQueue()
    stop = threading.Event()
    thread = threading.Thread(target=serve, args=("127.0.0.1", 0, {RIG: tmp_path}, told.put, stop))
    thread.start()
    environment = told.get(timeout=10)
    url = environment["GLOBUS_SDK_SERVICE_URL_AUTH"]
    assert url.endswith("/")
    assert environment["GLOBUS_SDK_SERVICE_URL_TRANSFER"] == url
    assert environment["GLOBUS_SDK_ENVIRONMENT"] == "sim"
    assert requests.get(f"{url}_control", timeout=5).status_code == 200
    stop.set()
    thread.join(10)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}_control", timeout=5)


def test_it_runs_by_itself_and_prints_what_to_export(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "archived.simulator", "--collection", f"{RIG}={tmp_path}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pairs = dict(process.stdout.readline().strip().split("=", 1) for _ in range(5))
        url = pairs["GLOBUS_SDK_SERVICE_URL_TRANSFER"]
        assert requests.get(f"{url}jwk.json", timeout=5).json()["keys"]
        assert pairs["GLOBUS_CLI_CLIENT_ID"]
        assert pairs["GLOBUS_CLI_CLIENT_SECRET"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0


@pytest.mark.parametrize("argument", ["no-uuid=/tmp", f"{RIG}", f"{RIG}=/does/not/exist"])
def test_a_collection_that_makes_no_sense_is_refused(argument: str) -> None:
    command = [sys.executable, "-m", "archived.simulator", "--collection", argument]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 78
    assert argument.split("=")[-1] in done.stderr or "no-uuid" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    folders = {"not-a-uuid": tmp_path, RIG: tmp_path / "absent"}
    with (
        pytest.raises(ConfigurationError, match=r"not-a-uuid.*absent.*no folder") as caught,
        running(folders, mapped=[ARCHIVE]),
    ):
        pass
    assert "UUID=FOLDER" in caught.value.what_to_do


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "example.org", "::"])
def test_it_does_not_listen_to_other_machines(tmp_path: Path, host: str) -> None:
    with (
        pytest.raises(ConfigurationError, match="could write into its folders"),
        running({RIG: tmp_path}, host=host),
    ):
        pass


def test_localhost_will_do(tmp_path: Path) -> None:
    with running({RIG: tmp_path}, host="localhost") as globus:
        assert globus.url.startswith("http://127.0.0.1:")


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with running({RIG: tmp_path}) as globus:
        port = int(globus.url.strip("/").rpartition(":")[2])
        with (
            pytest.raises(ConfigurationError, match=f"cannot listen on .*{port}"),
            running({RIG: tmp_path}, port=port),
        ):
            pass


def test_account_and_port_can_be_chosen_so_that_a_restart_goes_unnoticed(tmp_path: Path) -> None:
    with running({RIG: tmp_path}) as first:
        before = first.environment
        port = int(first.url.strip("/").rpartition(":")[2])
    with running(
        {RIG: tmp_path},
        port=port,
        client_id=before["GLOBUS_CLI_CLIENT_ID"],
        client_secret=before["GLOBUS_CLI_CLIENT_SECRET"],
    ) as second:
        assert second.environment == before


def test_no_thread_is_left_behind(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with running({RIG: tmp_path}) as globus:
        requests.get(globus.url, timeout=5)
        assert set(threading.enumerate()) - before
    for thread in set(threading.enumerate()) - before:
        # The web server tells the threads that ran its handlers to end, and does not wait for them.
        thread.join(10)
    assert not set(threading.enumerate()) - before


def test_stopping_does_not_wait_for_tasks(tmp_path: Path) -> None:
    source, archive = tmp_path / "source", tmp_path / "archive"
    source.mkdir()
    archive.mkdir()
    (source / "a.bin").write_bytes(os.urandom(100_000))
    with running({RIG: source, ARCHIVE: archive}, task_rate=1000.0) as globus:
        body = {
            "DATA_TYPE": "transfer",
            "submission_id": RIG,
            "source_endpoint": RIG,
            "destination_endpoint": ARCHIVE,
            "DATA": [
                {
                    "DATA_TYPE": "transfer_item",
                    "source_path": "/a.bin",
                    "destination_path": "/a.bin",
                }
            ],
        }
        token = requests.post(
            f"{globus.url}v2/oauth2/token",
            data={
                "grant_type": "client_credentials",
                "scope": "urn:globus:auth:scope:transfer.api.globus.org:all",
            },
            auth=(globus.client_id, globus.client_secret),
            timeout=5,
        ).json()["access_token"]
        header = {"Authorization": f"Bearer {token}"}
        answer = requests.post(f"{globus.url}v0.10/transfer", json=body, headers=header, timeout=5)
        assert answer.status_code == 202
    arrived = sum(path.stat().st_size for path in archive.iterdir())
    assert arrived < 100_000
