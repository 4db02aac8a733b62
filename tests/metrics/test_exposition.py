"""What Prometheus reads: held to its rules by promtool, and to the page by name."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from archived.core.lifecycle import State
from archived.errors import StoreError
from archived.metrics.exposition import Exported, exposition
from archived.metrics.snapshot import Snapshot, Space, Travelling
from archived.store import DaemonInfo
from tests.builders import NOON

ROOT = Path(__file__).parents[2]
RULES = ROOT / "packaging" / "prometheus" / "archived.rules.yml"
PROMTOOL = shutil.which("promtool")

needs_promtool = pytest.mark.skipif(
    PROMTOOL is None and not os.environ.get("CI"),
    reason="promtool is not here (apt install prometheus)",
)

FULL = Snapshot(
    rig="rig-1",
    version="1.2.3",
    daemon=DaemonInfo(True, 4711, NOON - timedelta(hours=3), NOON),
    paused=False,
    counts={"raw-ephys": dict.fromkeys(State, 2), "raw-video": dict.fromkeys(State, 0)},
    archived={"raw-ephys": (12, 3_000), "raw-video": (0, 0)},
    last_archived={"raw-ephys": NOON},
    oldest_waiting={"raw-ephys": NOON - timedelta(days=1)},
    backlog_bytes=77,
    travelling={"archive": Travelling(2, 500, 120)},
    alarms={"login": 1},
    records_outstanding=3,
    never_verified=4,
    oldest_verification=NOON - timedelta(days=30),
    found_only_by_rescan=5,
    spaces={"raw-ephys": Space(1_000, 250)},
)


def values(text: bytes) -> dict[str, float]:
    """Every sample, by its name and labels."""
    return {
        sample.name + str(sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_every_number_is_told() -> None:
    found = values(exposition(FULL))

    assert found["archived_daemon_running[]"] == 1
    assert found["archived_daemon_last_turn_timestamp_seconds[]"] == NOON.timestamp()
    assert found["archived_datasets[('location', 'raw-ephys'), ('state', 'failed')]"] == 2
    assert found["archived_bytes[('location', 'raw-ephys')]"] == 3_000
    assert found["archived_transfers_done_bytes[('direction', 'archive')]"] == 120
    assert found["archived_alarms[('kind', 'login')]"] == 1
    assert found["archived_root_free_bytes[('location', 'raw-ephys')]"] == 250
    assert found["archived_files_found_only_by_rescan_total[]"] == 5


def test_what_never_happened_has_no_time() -> None:
    never = FULL._replace(
        daemon=DaemonInfo(False),
        last_archived={},
        oldest_waiting={},
        oldest_verification=None,
        spaces={},
    )

    found = values(exposition(never))

    assert found["archived_daemon_running[]"] == 0
    assert not [name for name in found if "timestamp" in name or "root" in name]


def test_a_store_that_cannot_be_read_is_a_number_and_the_only_one() -> None:
    def refuse() -> Snapshot:
        raise StoreError("the server is away")

    [family] = Exported(refuse).collect()
    assert [(each.name, each.value) for each in family.samples] == [("archived_store_readable", 0)]


def test_hostile_names_stay_within_their_label() -> None:
    name = 'a"\n} evil 1\n# \\'
    found = values(exposition(FULL._replace(archived={name: (1, 1)})))
    assert f"archived_files{[('location', name)]}" in found
    assert not [each for each in found if each.startswith("evil")]


def test_the_page_lists_every_metric_and_no_other() -> None:
    text = exposition(FULL).decode()
    told = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)) | {"archived_store_readable"}
    page = (ROOT / "docs" / "MONITORING.md").read_text()
    assert set(re.findall(r"`(archived_\w+)", page)) == told


def test_alerts_ask_only_for_metrics_that_there_are_and_each_has_its_page() -> None:
    rules = RULES.read_text()
    names = {sample.split("[")[0] for sample in values(exposition(FULL))} | {
        "archived_store_readable"
    }
    expressions = re.sub(r"summary:.*|runbook_url:.*|#.*", "", rules)
    assert set(re.findall(r"\barchived_\w+", expressions)) <= names
    alerts = re.findall(r"- alert: (\w+)", rules)
    headings = re.findall(
        r"^## (Archived\w+)$", (ROOT / "docs" / "RUNBOOK.md").read_text(), re.MULTILINE
    )
    assert alerts == headings
    assert re.findall(r"runbook_url: docs/RUNBOOK.md#(\w+)", rules) == [
        each.lower() for each in alerts
    ]


def test_the_dashboard_shows_only_metrics_that_there_are_and_no_panel_covers_another() -> None:
    board = json.loads((ROOT / "packaging" / "grafana" / "archived.json").read_text())
    names = {sample.split("[")[0] for sample in values(exposition(FULL))}
    covered: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        assert panel["targets"], panel["title"]
        for target in panel["targets"]:
            assert set(re.findall(r"\barchived_\w+", target["expr"])) <= names, panel["title"]
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & covered, panel["title"]
        covered |= cells
        assert at["x"] + at["w"] <= 24
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(set(numbers)) == len(numbers)


@needs_promtool
def test_promtool_has_nothing_to_say_about_the_metrics() -> None:
    done = subprocess.run(
        [str(PROMTOOL), "check", "metrics"],
        input=exposition(FULL),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


@needs_promtool
def test_alerts_are_sound_and_fire_when_they_should() -> None:
    for words in (
        ["check", "rules", str(RULES)],
        ["test", "rules", str(Path(__file__).with_name("archived.rules.test.yml"))],
    ):
        done = subprocess.run([str(PROMTOOL), *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
