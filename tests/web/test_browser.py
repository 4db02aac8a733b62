"""The pages in a real browser: for eyes in the light and in the dark, on a phone, with a keyboard, with a screen reader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.web.browser import WIDTHS, browsing, needs_chromium
from tests.web.lab import EPHYS
from tests.web.site import Site

pytestmark = [needs_chromium, pytest.mark.timeout(180)]

DATASET = f"/datasets/{EPHYS}/SC041/catgt_SC041_030726_g0"
PAGES = ["/", "/calendar", "/datasets?h2o=SC041", DATASET, "/transfers", "/attention", "/nothing"]

SHOWN = """(() => {
    const here = document.activeElement;
    const outlined = getComputedStyle(here).outlineStyle !== "none";
    // Within a field for a day the browser has parts of its own, and shows them in its own way.
    const own = here === document.body || (here.type === "date" && !here.matches(":focus"));
    return [[...document.querySelectorAll("*")].indexOf(here), outlined || own];
})()"""
"""The number of the element that a keyboard is at, and whether a person sees that."""

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as found:
        yield found


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A window; the parameter is its width and its colours."""
    window, colours = getattr(request, "param", ("desktop", "light"))
    width, height = WIDTHS[window]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=colours,
        # The check for accessibility is a script, which the pages themselves do not allow.
        bypass_csp=True,
    )
    yield context.new_page()
    context.close()


def too_wide(page: Page) -> bool:
    """Whether a person has to move the whole page sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def opened(page: Page, site: Site, path: str) -> Page:
    page.goto(site.address.rstrip("/") + path)
    return page


@pytest.mark.parametrize(
    ("page", "paths"),
    [(("desktop", "light"), PAGES), (("phone", "dark"), ["/", "/calendar", DATASET])],
    indirect=["page"],
    ids=["desktop-light", "phone-dark"],
)
def test_everybody_can_read_every_page(page: Page, site: Site, paths: list[str]) -> None:
    """No violation of WCAG 2.2 AA that axe finds, and no page is wider than the window."""
    for path in paths:
        opened(page, site, path)
        found: dict[str, Any] = Axe().run(page, options={"runOnly": TAGS}).response
        told = [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]]
        assert told == [], path
        assert len(found["passes"]) > 15
        assert not too_wide(page)


@pytest.mark.parametrize("page", [("phone", "light")], indirect=True)
def test_no_page_is_wider_than_a_phone(page: Page, site: Site) -> None:
    for path in PAGES:
        assert not too_wide(opened(page, site, path)), path


def test_axe_would_tell(page: Page) -> None:
    page.set_content("<html><body><img src='x'><p style='color:#999;background:#aaa'>pale</p>")

    found = Axe().run(page, options={"runOnly": TAGS}).response
    assert {"image-alt", "color-contrast", "html-has-lang"} <= {
        e["id"] for e in found["violations"]
    }


@pytest.mark.parametrize("page", [("phone", "light")], indirect=True)
def test_a_keyboard_reaches_everything_and_shows_where_it_is(page: Page, site: Site) -> None:
    for path in ("/", "/calendar", "/datasets?h2o=SC041"):
        opened(page, site, path)
        wanted = page.locator("a, button, input, select, [tabindex='0']").count()
        reached: set[int] = set()
        for _ in range(wanted * 2 + 20):  # a day has a stop for each of its parts
            page.keyboard.press("Tab")
            number, shown = page.evaluate(SHOWN)
            reached.add(number)
            assert shown, page.evaluate("document.activeElement.outerHTML")
            if len(reached) >= wanted:
                break
        assert len(reached) >= wanted, path

    opened(page, site, "/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_without_scripts_a_person_gets_from_the_answer_to_the_proof(
    browser: Browser, site: Site
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = opened(context.new_page(), site, "/")
    assert page.locator(".answer .word").inner_text() == "Not yet"

    page.get_by_role("navigation").get_by_role("link", name="Calendar").click()
    page.get_by_role("link", name="DL017, 11 March: 1 archived").click()
    assert page.locator("h1").inner_text() == f"{EPHYS}/DL017/catgt_DL017_031126_g0"
    assert page.get_by_role("table", name="6 files").get_by_role("row").count() == 7

    page.get_by_role("navigation").get_by_role("link", name="Datasets").click()
    page.get_by_label("Animal").fill("SC041")
    page.get_by_label("State").select_option("failed")
    page.get_by_role("button", name="Show").click()
    assert page.locator("tbody tr").count() == 1
    context.close()


def test_the_browser_itself_finds_nothing_to_complain_of(browser: Browser, site: Site) -> None:
    """No refused resource, no request to elsewhere: with the policy that the pages are served with."""
    context = browser.new_context()
    page = context.new_page()
    complaints: list[str] = []
    asked: set[str] = set()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.add(request.url))
    for path in PAGES[:-1]:
        opened(page, site, path)
    context.close()

    assert complaints == []
    assert all(each.startswith(site.address) for each in asked)
    assert f"{site.address}icon.svg" in asked
