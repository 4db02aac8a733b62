"""Who is answered, and with what protection."""

from __future__ import annotations

import pytest

from archived.web.guard import is_loopback
from tests.cli.rigs import CliRig
from tests.web.lab import Lab
from tests.web.site import Site, served

NAVIGATION = {"Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
PAGES = [
    "/",
    "/calendar",
    "/datasets",
    "/transfers",
    "/attention",
    "/api/v1/status",
    "/metrics",
    "/style.css",
    "/nothing",
]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "ODD"])
def test_nothing_but_reading_is_answered(site: Site, path: str, method: str) -> None:
    got = site.get(path, method)

    assert got.status == 405
    assert got.headers["allow"] == "GET, HEAD"
    assert "access-control-allow-origin" not in got.headers


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_is_protected(site: Site, path: str) -> None:
    headers = site.get(path).headers

    policy = dict(
        each.strip().split(" ", 1) for each in headers["content-security-policy"].split(";")
    )
    assert policy == {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert not {each for each in headers if each.startswith("access-control") or each == "server"}


def test_a_head_is_answered_without_a_body(site: Site) -> None:
    got = site.get("/", "HEAD")

    assert (got.status, got.text) == (200, "")
    assert int(got.headers["content-length"]) > 1_000


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:9615",
        "127.0.0.1:1",
        "[::1]:9615",
        "localhost.",
        "rig-1.lab.example:80",
    ],
)
def test_it_goes_by_its_own_names(rig: CliRig, lab: Lab, host: str) -> None:
    with served(rig, ["rig-1.lab.example"]) as address:
        assert Site(rig, lab, address).get("/healthz", Host=host).status == 503


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:9615",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example#localhost",
        "localhost@evil.example",
        "192.168.1.7",
        "127.0.0.1:port",
        "[::1",
        "",
    ],
)
def test_a_foreign_name_is_not_served(site: Site, host: str) -> None:
    got = site.get("/api/v1/status", Host=host)

    assert got.status in (400, 421)
    assert "raw-ephys" not in got.text


def test_whoever_listens_everywhere_is_asked_by_any_address_but_by_no_other_name(
    rig: CliRig, lab: Lab
) -> None:
    with served(rig, ["0.0.0.0"]) as address:
        site = Site(rig, lab, address)
        assert site.get("/", Host="192.168.1.7:9615").status == 200
        assert site.get("/", Host="evil.example").status == 421


@pytest.mark.parametrize(
    ("headers", "path", "status"),
    [
        ({"Sec_Fetch_Site": "same-origin"}, "/api/v1/status", 200),
        ({"Sec_Fetch_Site": "none"}, "/", 200),
        ({"Sec_Fetch_Site": "cross-site"}, "/", 403),
        ({"Sec_Fetch_Site": "same-site"}, "/api/v1/status", 403),
        (
            {
                "Sec_Fetch_Site": "cross-site",
                "Sec_Fetch_Mode": "no-cors",
                "Sec_Fetch_Dest": "image",
            },
            "/icon.svg",
            403,
        ),
        (
            {
                "Sec_Fetch_Site": "cross-site",
                "Sec_Fetch_Mode": "navigate",
                "Sec_Fetch_Dest": "iframe",
            },
            "/",
            403,
        ),
        ({"Sec_Fetch_Site": "cross-site", **NAVIGATION}, "/attention", 200),
        ({"Sec_Fetch_Site": "cross-site", **NAVIGATION}, "/api/v1/status", 403),
        ({"Origin": "https://evil.example"}, "/", 403),
        ({"Origin": "null"}, "/", 403),
        ({"Origin": "http://["}, "/", 403),
    ],
)
def test_other_sites_are_not_answered_but_their_links_may_be_followed(
    site: Site, headers: dict[str, str], path: str, status: int
) -> None:
    assert site.get(path, **headers).status == status


def test_its_own_origin_is_no_other_site(site: Site) -> None:
    assert site.get("/api/v1/status", Origin=site.address.rstrip("/")).status == 200


def test_only_loopback_is_this_machine_alone() -> None:
    assert all(map(is_loopback, ["127.0.0.1", "127.8.8.8", "::1", "localhost"]))
    assert not any(map(is_loopback, ["0.0.0.0", "::", "192.168.1.7", "rig-1.lab.example", ""]))
