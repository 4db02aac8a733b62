"""What the pages say, and that no name on disk becomes a part of them."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from html import unescape
from urllib.parse import quote

import pytest

from archived.core.lifecycle import State
from archived.core.model import Recording, Unrecognised
from archived.core.paths import printable
from archived.web.addresses import asked_in, query, quoted
from archived.web.calendar import month_of, parse_month, rows_of
from archived.web.today import Kind, answer
from tests.cli.rigs import CliRig
from tests.web.lab import EPHYS, NOW, ROOT, TODAY, VIDEO, Lab
from tests.web.site import Site, served

HOSTILE = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>&amp;'",
    "line\nbreak\rand\ttab",
    "\x1b[31mred\x07\u202eturned\u2028",
    "caf\udce9 is no UTF-8",
    "\ud800 alone",
    r"a\xe9 and a\\b",
    "100% of #1? a=b&c;d",
    "{{ 7 * 7 }}{% raw %}",
    "snow ☃ 雪",
    "javascript:alert(1)",
]


def text_of(page: str) -> str:
    """What a reader sees of a page."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page.replace("<wbr>", ""))).split())


def links_of(page: str) -> list[str]:
    """Where a page leads."""
    return [unescape(each) for each in re.findall(r'href="([^"]*)"', page)]


def view(state: str) -> dict[str, str]:
    return {"state": state}


RUNNING = {"running": True, "since": "2026-03-08T13:40:00Z", "last_tick": "2026-03-12T16:39:00Z"}
WELL = {"daemon": RUNNING, "alarms": []}
DOWN = {"daemon": {**RUNNING, "running": False, "since": None}, "alarms": []}
HANGS = {"daemon": {**RUNNING, "last_tick": "2026-03-12T16:20:00Z"}, "alarms": []}
BEGINS = {"daemon": {**RUNNING, "since": "2026-03-12T16:39:50Z", "last_tick": None}, "alarms": []}
ALARM = {"daemon": RUNNING, "alarms": [{"key": "root"}]}


@pytest.mark.parametrize(
    ("status", "states", "kind", "said"),
    [
        (WELL, "archived archived", Kind.SAFE, "All 2 recordings of today are safe"),
        (WELL, "archived", Kind.SAFE, "The one recording of today is safe"),
        (WELL, "", Kind.NOTHING, "Nothing was recorded today."),
        (WELL, "archived failed", Kind.NO, "1 of 2 recordings of today needs a person"),
        (WELL, "failed failed archived", Kind.NO, "2 of 3 recordings of today need a person"),
        (WELL, "archived settling", Kind.NOT_YET, "1 of 2 recordings of today is safe; 1 is on the way"),
        (WELL, "held waiting ready", Kind.NOT_YET, "None of 3 recordings of today is safe; 2 are on the way; 1 is held"),
        (WELL, "verifying", Kind.NOT_YET, "The one recording of today is not safe yet"),
        (DOWN, "archived", Kind.DOUBTFUL, "the daemon is not running"),
        (DOWN, "", Kind.DOUBTFUL, "the daemon is not running"),
        (HANGS, "archived", Kind.DOUBTFUL, "the daemon hangs"),
        (BEGINS, "archived", Kind.SAFE, "The one recording of today is safe"),
        (ALARM, "archived", Kind.DOUBTFUL, "an alarm is on"),
        (ALARM, "failed", Kind.NO, "The one recording of today needs a person"),
    ],
)  # fmt: skip
def test_today_is_answered_in_a_word(
    status: dict[str, object], states: str, kind: Kind, said: str
) -> None:
    found = answer(status, [view(each) for each in states.split()], NOW)

    assert found.kind is kind
    assert said in found.why


def test_yes_is_said_only_where_everything_is_archived_and_nothing_speaks_against_it() -> None:
    for state in State:
        for status in (WELL, DOWN, HANGS, ALARM):
            safe = answer(status, [view("archived"), view(state)], NOW).kind is Kind.SAFE
            assert safe is (state is State.ARCHIVED and status is WELL)


def test_today_shows_the_answer_what_needs_a_person_the_counts_and_what_waits(site: Site) -> None:
    page = site.get("/").text
    text = text_of(page)

    assert (
        "Is everything of today safe? Not yet 3 of 9 recordings of today are safe; 6 are on the way."
        in text
    )
    assert "raw-ephys/SC041/catgt_SC041_030726_g0" in text
    assert "What to do: archivedctl why raw-ephys/SC041/catgt_SC041_030726_g0 tells more" in text
    assert "was first seen 47m ago" in text
    assert "57 ✓ archived" in text
    assert "1 path on the rig is not recognised" in text
    assert "refresh" not in re.findall("<meta[^>]*>", page)[-1]
    assert '<meta http-equiv="refresh" content="30">' in site.get("/?refresh=on").text


def test_the_calendar_has_a_row_for_each_animal_and_a_mark_for_each_session(site: Site) -> None:
    page = site.get("/calendar").text

    assert "Sessions of March 2026" in page
    assert re.findall(r'scope="row"><a[^>]*>(\w+)</a> <span class="quiet">(\d+)', page) == [
        ("DL017", "469111"), ("DL019", "471203"), ("SC038", "455219"), ("SC041", "456772")
    ]  # fmt: skip
    marks = [text_of(each) for each in re.findall(r'<a class="mark.*?</a>', page)]
    assert "✕ SC041, 7 March: 1 failed" in marks
    assert "↑ 2 SC038, 12 March: 1 transferring, 1 verifying" in marks
    assert len(marks) == len(re.findall('<a class="mark', page)) > 30
    assert "No session of this month" in site.get("/calendar?month=2026-02").text
    assert site.get("/calendar?month=March").status == 400
    assert site.get("/calendar?month=9999-12").status == 200
    assert site.get("/calendar?month=0001-01").status == 200


def test_every_link_of_every_page_leads_somewhere(site: Site) -> None:
    seen, left = set(), {"/"}
    while left and len(seen) < 150:
        address = left.pop()
        seen.add(address)
        got = site.get(address)
        assert got.status == 200, address
        if got.headers["content-type"].startswith("text/html"):
            found = {each for each in links_of(got.text) if each.startswith("/")}
            left |= {each for each in found if "month=" not in each} - seen

    kinds = Counter(each.split("?")[0].split("/")[1] for each in seen)
    assert {
        "",
        "calendar",
        "datasets",
        "transfers",
        "attention",
        "api",
        "style.css",
        "icon.svg",
    } <= set(kinds)
    assert kinds["datasets"] > 60


def test_a_transfer_says_how_far_it_is(site: Site) -> None:
    text = text_of(site.get("/transfers").text)

    assert "12 files to the archive, raw-ephys" in text
    assert "61 % of 244 GB" in text
    assert "212 MB/s" in text
    assert "Left 7m" in text


def test_a_dataset_shows_its_files_their_proof_and_what_happened(site: Site) -> None:
    text = text_of(site.get(f"/datasets/{EPHYS}/DL017/catgt_DL017_031226_g0").text)

    assert "✓ archived Safe: every file is proved to be in the archive." in text
    assert re.search(
        r"DL017_031226_g0_tcat.imec0.ap.bin ephys-raw-neuropixels-ap-bin archived 61.0 GB successful transfers MD5 [0-9a-f]{32} 2026-03-12 11:40:00",
        text,
    )
    assert "archive/ephys/DL017/catgt_DL017_031226_g0" in text
    assert "verifying → to ✓ archived every file has a receipt (6)" in text


def test_datasets_are_filtered_and_come_by_pages(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = text_of(site.get("/datasets?state=failed&h2o=&date=").text)
    assert "catgt_SC041_030726_g0" in found
    assert "SC038" not in found
    assert "No dataset fits." in site.get("/datasets?h2o=SC999").text
    assert site.get("/datasets?state=odd").status == 400

    monkeypatch.setattr("archived.web.pages.LISTED", 7)
    names, path = [], "/datasets?location=raw-ephys&state=archived&state=failed&name=*SC0*"
    while path:
        page = site.get(path).text
        names += [
            unescape(each)
            for each in re.findall(r'<th scope="row" class="name"><a href="([^"]*)"', page)
        ]
        further = re.findall(r'rel="next" href="([^"]*)"', page)
        path = unescape(further[0]) if further else ""
    listed = [
        each["name"]
        for each in site.rig.json(
            "list", "*SC0*", "-l", "raw-ephys", "-s", "archived", "-s", "failed"
        )
    ]
    assert names == [f"/datasets/{each}" for each in reversed(listed)]
    assert len(names) > 14
    assert "DL017" not in "".join(names)


def test_what_is_not_there_is_a_page_too(site: Site) -> None:
    got = site.get("/datasets/raw-ephys/SC041/catgt_SC041_030726_g9")

    assert got.status == 404
    assert "catgt_SC041_030726_g0" in got.text
    assert site.get("/nothing").status == 404
    assert site.get("/datasets/").status == 404


def test_a_mistake_of_the_program_is_told_to_its_log_and_not_to_who_asks(
    rig: CliRig, lab: Lab, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*_words: object, **_options: object) -> None:
        raise RuntimeError("a \x1b[31mred secret")

    monkeypatch.setattr("archived.web.pages.month_of", broken)
    with served(rig) as address:
        got = Site(rig, lab, address).get("/calendar")

    assert got.status == 500
    assert "no data is affected" in got.text
    assert "secret" not in got.text
    assert "default-src 'none'" in got.headers["content-security-policy"]
    said = capfd.readouterr().err
    assert r"RuntimeError: a \x1b[31mred secret" in said


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_in_an_address_comes_back_as_it_was(name: str) -> None:
    sent = quoted(f"raw/{name}/x")
    assert re.fullmatch(r"[A-Za-z0-9_.~/%-]+", sent)
    assert asked_in(query({"h2o": name}).removeprefix("?").encode()) == [("h2o", name)]


def test_no_name_on_disk_becomes_a_part_of_a_page(rig: CliRig, lab: Lab) -> None:
    """Each is found on the pages as the terminal shows it, and its link leads to its own page."""
    names = [
        lab.seen(
            VIDEO, Recording("tracking-video", f"SC0/{each}/video", each, TODAY), [(each, each, 3)]
        )
        for each in HOSTILE
    ]
    lab.fail(f"cannot read {HOSTILE[0]} {HOSTILE[3]}", names[0], person=True, location=VIDEO)
    lab.store.raise_alarm("root:x", "".join(HOSTILE), f"mend `{HOSTILE[1]}`", lab.now)
    lab.store.pause(HOSTILE[0] + HOSTILE[5], lab.now)
    lab.store.set_unrecognised(ROOT, [Unrecognised(each, each, each) for each in HOSTILE], lab.now)
    with served(rig) as address:
        site = Site(rig, lab, address)
        pages = {
            path: site.get(path)
            for path in ("/", "/calendar", "/datasets", "/attention", "/transfers", f"/datasets?{quote(HOSTILE[1])}=1", f"/{quote(HOSTILE[0])}")
        }  # fmt: skip
        for name in names:
            pages[f"/datasets/{quoted(name)}"] = got = site.get(f"/datasets/{quoted(name)}")
            assert got.status == 200
            assert printable(name).replace(" ", "") in text_of(got.text).replace(" ", "")
            assert f"/datasets/{quoted(name)}" in links_of(pages["/datasets"].text)
            shown = site.get(f"/api/v1/show/{quoted(name)}")
            assert shown.status == 200
            assert shown.text.isascii()
        for name in HOSTILE:
            assert f"/datasets{query({'h2o': name})}" in links_of(pages["/calendar"].text)
            chosen = site.get(f"/datasets{query({'h2o': name})}")
            assert chosen.text.count('scope="row"') == 1

    for path, got in pages.items():
        tags = re.findall(r"<\s*([a-zA-Z]+)", got.text)
        assert not {"script", "style", "iframe"} & set(tags), path
        assert tags.count("img") == 1
        assert not re.search(r"<[^>]*\s(on\w+|style)=", re.sub(r'"[^"]*"', '""', got.text)), path
        assert not [each for each in got.text if not each.isprintable() and each != "\n"], path
        assert not [each for each in links_of(got.text) if not each.startswith(("/", "#", "?"))]


def test_nothing_is_loaded_from_elsewhere(site: Site) -> None:
    for path in ("/", "/calendar", "/style.css", "/icon.svg"):
        text = site.get(path).text.replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"//|@import|url\(|<script|style=", text), path


def test_a_recording_without_a_day_counts_when_it_was_first_seen(rig: CliRig, lab: Lab) -> None:
    lab.seen(VIDEO, Recording("two-photon", "SC1/2p"), [("a", "a", 1)])
    lab.now -= timedelta(days=2)
    lab.seen(VIDEO, Recording("two-photon", "SC2/2p"), [("a", "a", 1)])
    with served(rig) as address:
        site = Site(rig, lab, address)
        assert "The daemon" not in site.get("/").text
        assert "The one recording of today is not safe yet; 1 is on the way." in site.get("/").text
        page = site.get("/calendar").text

    assert "no animal" in page
    assert [each for each in links_of(page) if "2p" in each] == [
        "/datasets/raw-video/SC2/2p",
        "/datasets/raw-video/SC1/2p",
    ]


def test_a_month_knows_its_neighbours() -> None:
    january = parse_month("2024-01")
    assert (str(january.before), str(january.after)) == ("2023-12", "2024-02")
    assert len(parse_month("2024-02").days) == 29
    assert month_of(date.max).after is None
    assert month_of(date.min).before is None
    assert rows_of(january, []) == []
