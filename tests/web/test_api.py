"""`/api/v1` says what `archivedctl --json` says, and programs learn from `/healthz` and `/metrics` how it is."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from prometheus_client.parser import text_string_to_metric_families

from archived.store.connection import Door
from tests.cli.contract import fits
from tests.cli.rigs import CliRig
from tests.web.lab import EPHYS, TODAY, Lab
from tests.web.site import Site, served

DAMAGED = f"{EPHYS}/SC041/catgt_SC041_030726_g0"

SAME = [
    ("status", ["status"], "status"),
    ("rigs", ["rigs"], "rigs"),
    ("list", ["list"], "list"),
    (
        "list?state=failed&state=waiting&h2o=SC041",
        ["list", "--state", "failed", "--state", "waiting", "--h2o", "SC041"],
        "list",
    ),
    (
        "list?since=2026-03-11&until=2026-03-12&location=raw-video&limit=3",
        [
            "list",
            "--since",
            "2026-03-11",
            "--until",
            "2026-03-12",
            "-l",
            "raw-video",
            "--limit",
            "3",
        ],
        "list",
    ),
    (
        "list?name=raw-ephys/SC0*&subject=455219&file_type=*-meta&date=2026-03-12",
        [
            "list",
            "raw-ephys/SC0*",
            "--subject",
            "455219",
            "--file-type",
            "*-meta",
            "--date",
            "2026-03-12",
        ],
        "list",
    ),
    (f"show/{DAMAGED}", ["show", DAMAGED], "show"),
    ("events", ["events"], "events"),
    ("events?limit=7&h2o=SC041", ["events", "--limit", "7", "--h2o", "SC041"], "events"),
    (
        "events?since=2026-03-12T15:00:00Z&recorded_since=2026-03-12",
        ["events", "--since", "2026-03-12T15:00:00Z", "--recorded-since", "2026-03-12"],
        "events",
    ),
]


@pytest.mark.parametrize(("path", "words", "schema"), SAME)
def test_it_is_the_json_of_the_command(
    site: Site, path: str, words: list[str], schema: str
) -> None:
    got = site.get(f"/api/v1/{path}")

    assert got.status == 200
    assert got.headers["content-type"] == "application/json"
    assert got.json == site.rig.json(*words)
    assert got.json
    fits(got.json, schema)


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("show/raw-ephys/nobody", 404, "no dataset"),
        ("list?state=nonsense", 400, "settling"),
        ("list?limit=0", 400, "limit"),
        ("list?limit=1001", 400, "1000"),
        ("list?limit=3&limit=4", 400, "more than once"),
        ("list?date=never", 400, "2026-03-14"),
        ("list?secret=1", 400, "'secret'"),
        ("events?since=never", 400, "2h"),
        ("status?x=1", 400, "'x'"),
        ("show/raw-ephys/nobody?first=x", 400, "first"),
        ("why", 404, "nothing at this address"),
        (f"list?name={'x' * 9000}", 400, "too long"),
    ],
)
def test_what_cannot_be_answered_is_told_as_the_commands_tell_it(
    site: Site, path: str, status: int, said: str
) -> None:
    got = site.get(f"/api/v1/{path}")

    assert got.status == status
    assert said in got.json["error"]["message"]
    fits(got.json, "error")


def test_many_files_and_many_datasets_come_by_portions(
    rig: CliRig, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = lab.video("SC038", TODAY, trials=2_345)
    lab.archive(many, location="raw-video")
    whole = rig.json("show", many)
    longest: list[int] = []
    rows = Door.rows

    def counting(door: Door, sql: str, *values: Any) -> Any:
        found = rows(door, sql, *values)
        longest.append(len(found))
        return found

    monkeypatch.setattr(Door, "rows", counting)
    monkeypatch.setattr("archived.web.api.LISTED", 2)
    for day in (3, 4, 5):
        lab.ephys("SC041", TODAY.replace(day=day))
    with served(rig) as address:
        site = Site(rig, lab, address)
        parts, path = [], f"/api/v1/show/{quote(many)}"
        while path:
            longest.clear()
            got = site.get(path)
            parts.append(got.json)
            path = got.headers.get("link", "").partition(">")[0][1:]
            assert max(longest) <= 1_000
        listed, path = [], "/api/v1/list?h2o=SC041"
        while path:
            got = site.get(path)
            assert len(got.json) <= 2
            listed += got.json
            path = got.headers.get("link", "").partition(">")[0][1:]
        page = site.get(f"/datasets/{quote(many)}?page=12")
        beyond = site.get(f"/datasets/{quote(many)}?page=13")

    assert [len(each["files"]) for each in parts] == [1_000, 1_000, 345]
    assert {**parts[0], "files": [file for each in parts for file in each["files"]]} == whole
    assert listed == rig.json("list", "--h2o", "SC041")
    assert "2,345 files, of which these are 2,201 to 2,345" in page.text
    assert page.text.count('<td class="sum">') == 145
    assert beyond.status == 400


def test_prometheus_is_told_the_same_as_by_the_command(site: Site) -> None:
    got = site.get("/metrics")

    assert got.headers["content-type"].startswith("text/plain; version=0.0.4")
    ours, theirs = (
        {family.name: family.samples for family in text_string_to_metric_families(text)}
        for text in (got.text, site.rig.said("metrics"))
    )
    assert {name for name in ours if "free" not in name} == {n for n in theirs if "free" not in n}
    assert ours["archived_datasets"] == theirs["archived_datasets"]


def test_health_is_a_running_daemon_and_a_store_that_can_be_read(
    site: Site, rig: CliRig, lab: Lab
) -> None:
    got = site.get("/healthz")
    assert (got.status, got.json["store"], got.json["daemon"]["running"]) == (
        200,
        {"readable": True},
        True,
    )

    with served(rig) as address:
        stopped = Site(rig, lab, address)
        got = stopped.get("/healthz")
        assert (got.status, got.json["daemon"]["running"]) == (503, False)

        (rig.base / "state").rename(rig.base / "gone")
        got = stopped.get("/healthz")
        assert (got.status, got.json["store"]) == (503, {"readable": False})
        assert stopped.get("/metrics").text.splitlines()[-1] == "archived_store_readable 0.0"
        assert stopped.get("/api/v1/status").status == 503
        page = stopped.get("/")
        assert page.status == 503
        assert "What to do:" in page.text
        (rig.base / "gone").rename(rig.base / "state")
        assert stopped.get("/").status == 200
