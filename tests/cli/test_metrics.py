"""`metrics`: the numbers of a rig, printed or served on this machine, and read by a real Prometheus."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.builders import NOON
from tests.cli.rigs import CliRig, archived_and_ready, failed
from tests.store.bench import Bench

PROMETHEUS = shutil.which("prometheus")


def read(text: str) -> dict[str, float]:
    return {
        ",".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_they_are_those_of_the_store_while_the_daemon_is_down(rig: CliRig, bench: Bench) -> None:
    archived_and_ready(bench)

    found = read(rig.said("metrics"))

    assert found["archived_store_readable"] == 1
    assert found["archived_daemon_running"] == 0
    assert found["archived_datasets,raw-ephys,ready"] == 1
    assert found["archived_datasets,raw-ephys,archived"] == 1
    assert found["archived_files,raw-ephys"] == 2
    assert found["archived_bytes,raw-video"] == 0
    assert found["archived_last_archived_timestamp_seconds,raw-ephys"] > 0
    assert found["archived_oldest_waiting_timestamp_seconds,raw-ephys"] > 0
    assert (
        0
        < found["archived_root_free_bytes,raw-ephys"]
        <= found["archived_root_size_bytes,raw-ephys"]
    )


def test_a_running_daemon_alarms_and_a_pause_are_told(rig: CliRig, bench: Bench) -> None:
    failed(bench)
    bench.store.raise_alarm("login:raw-ephys", "log in", "log in", NOON)
    bench.store.raise_alarm("login:raw-video", "log in", "log in", NOON)
    bench.store.pause("we record", NOON)
    with bench.store.claim_daemon(4711, NOON - timedelta(hours=3)):
        bench.store.heartbeat(NOON)
        found = read(rig.said("metrics"))

    assert found["archived_daemon_running"] == 1
    assert found["archived_daemon_last_turn_timestamp_seconds"] == NOON.timestamp()
    assert found["archived_alarms,login"] == 2
    assert found["archived_paused"] == 1
    assert found["archived_datasets,raw-ephys,failed"] == 1


def test_a_disk_that_does_not_answer_is_left_out_and_holds_nobody_up(
    rig: CliRig, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering = threading.Event()

    def hanging(_root: str) -> None:
        answering.wait(20)
        raise OSError("it was away")

    monkeypatch.setattr("archived.metrics.snapshot.PATIENCE", 0.1)
    monkeypatch.setattr(os, "statvfs", hanging)

    found = read(rig.said("metrics"))
    answering.set()

    assert found["archived_store_readable"] == 1
    assert not [name for name in found if name.startswith("archived_root")]


def test_without_a_store_it_is_an_error_as_with_every_command(rig: CliRig) -> None:
    assert rig.type("metrics").exit_code == 1


@contextmanager
def served(rig: CliRig) -> Iterator[str]:
    """The address at which a process of its own serves them."""
    process = subprocess.Popen(
        [*rig.program, "metrics", "--port", "0"], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        yield process.stderr.readline().strip()
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        process.stderr.close()


def fetched(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return str(answer.read().decode())


def test_they_are_served_on_this_machine_alone_and_follow_the_store(
    rig: CliRig, bench: Bench
) -> None:
    with served(rig) as url:
        assert url.startswith("http://127.0.0.1:")
        assert read(fetched(url))["archived_datasets,raw-ephys,archived"] == 0
        archived_and_ready(bench)
        assert read(fetched(url))["archived_datasets,raw-ephys,archived"] == 1

        (rig.base / "state").rename(rig.base / "gone")
        assert read(fetched(url)) == {"archived_store_readable": 0}
        (rig.base / "gone").rename(rig.base / "state")
        assert read(fetched(url))["archived_store_readable"] == 1


def test_a_port_that_is_taken_is_told(rig: CliRig, bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = rig.type("metrics", "--port", str(taken.getsockname()[1]))
    assert result.exit_code == 78
    assert "another --port" in result.stderr


@pytest.mark.skipif(
    PROMETHEUS is None and not os.environ.get("CI"),
    reason="prometheus is not here (apt install prometheus)",
)
def test_a_real_prometheus_reads_them_and_its_alert_is_pending(
    rig: CliRig, bench: Bench, tmp_path: Path
) -> None:
    failed(bench)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    rules = Path(__file__).parents[2] / "packaging" / "prometheus" / "archived.rules.yml"
    with served(rig) as url:
        settings = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules)],
            "scrape_configs": [
                {
                    "job_name": "archived",
                    "static_configs": [{"targets": [urllib.parse.urlsplit(url).netloc]}],
                }
            ],
        }
        # JSON is YAML as well.
        (tmp_path / "prometheus.yml").write_text(json.dumps(settings))
        with (tmp_path / "prometheus.log").open("wb") as log:
            server = subprocess.Popen(
                [
                    str(PROMETHEUS),
                    f"--config.file={tmp_path}/prometheus.yml",
                    f"--storage.tsdb.path={tmp_path}/data",
                    f"--web.listen-address=127.0.0.1:{port}",
                ],
                stdout=log,
                stderr=log,
            )
        try:
            asked = f"http://127.0.0.1:{port}/api/v1/"
            found = until(
                lambda: ask(f'{asked}query?query=archived_datasets{{state="failed"}}')["result"]
            )
            assert {each["metric"]["location"]: each["value"][1] for each in found} == {
                "raw-ephys": "1",
                "raw-video": "0",
            }
            alerts = until(lambda: ask(f"{asked}alerts")["alerts"])
            states = {each["labels"]["alertname"]: each["state"] for each in alerts}
            assert states["ArchivedNeedsAPerson"] == "pending"
        finally:
            server.terminate()
            server.wait(20)


def ask(url: str) -> Any:
    return json.loads(fetched(urllib.parse.quote(url, safe=":/?=&")))["data"]


def until(look: Any) -> Any:
    """What a look brings as soon as it brings anything."""
    pause = threading.Event()
    for _ in range(300):
        try:
            if found := look():
                return found
        except OSError:
            pass
        pause.wait(0.1)
    raise AssertionError("nothing came")
