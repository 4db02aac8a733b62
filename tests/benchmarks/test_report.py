"""The page of figures says what was measured, and nothing else."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.growth import growth
from benchmarks.plots import plot
from benchmarks.report import BEGIN, END, PAGE, RESULTS, renewed, results
from benchmarks.values import Claim, Outcome, Sample, ratio

ROOT = Path(__file__).parents[2]

SAMPLES = {
    "archived": [Sample(3.0, 2.0, 50.0), Sample(9.0, 8.0, 60.0), Sample(4.0, 3.0, 55.0)],
    "find": [Sample(2.0, 2.0), Sample(1.0, 1.0), Sample(2.5, 2.0)],
}
OUTCOME = Outcome(
    row=1,
    title="a look",
    files=1_000,
    samples=SAMPLES,
    claims=[Claim("time, against find", 2.0, 2.0), Claim("kept", 0.9, 0.97, at_least=True)],
    notes=["a note"],
    about={"date": "2026-11-23"},
)


def test_a_ratio_is_that_of_the_medians() -> None:
    assert ratio(SAMPLES, "archived", "find") == 2.0
    assert ratio(SAMPLES, "archived", "find", "find", what="cpu") == 0.75


def test_a_claim_holds_up_to_its_limit() -> None:
    assert Claim("a", 2.0, 2.0).holds
    assert not Claim("a", 2.1, 2.0).holds
    assert Claim("a", 0.97, 0.97, at_least=True).holds
    assert not Claim("a", 0.96, 0.97, at_least=True).holds


def test_an_outcome_comes_back_from_its_document() -> None:
    assert Outcome.of(json.loads(json.dumps(OUTCOME.document()))) == OUTCOME


@pytest.mark.parametrize(
    ("figures", "exponent", "slope", "flat"),
    [
        ({1_000: 1.0, 10_000: 10.0}, 1.0, 0.001, False),
        ({10: 5.0, 1_000: 2.0, 10_000: 2.0}, 0.0, 0.0, True),
        ({1_000: 1.0, 10_000: 100.0}, 2.0, 0.011, False),
    ],
)
def test_growth_is_told_by_the_two_largest_sizes(
    figures: dict[int, float], exponent: float, slope: float, flat: bool
) -> None:
    found = growth(figures)
    assert found is not None
    assert math.isclose(found.exponent, exponent, abs_tol=1e-9)
    assert math.isclose(found.slope, slope, abs_tol=1e-9)
    assert found.flat is flat


def test_nothing_is_said_of_the_growth_of_one_size() -> None:
    assert growth({1_000: 1.0}) is None


def test_the_page_keeps_what_stands_outside_of_the_marks() -> None:
    page = renewed(f"before\n{BEGIN}\nold\n{END}\nafter\n", {1: {1_000: OUTCOME}})
    assert page.startswith(f"before\n{BEGIN}\n")
    assert page.endswith(f"{END}\nafter\n")
    assert "old" not in page
    assert "| 1 | a look: time, against find |" in page
    assert "| ≤ 2× | 2× | ✓ |" in page
    assert "| ≥ 0.97× | 0.9× | ✗ |" in page
    assert "* a note\n" in page


def test_a_plot_is_drawn_the_same_each_time(tmp_path: Path) -> None:
    sizes = {1_000: OUTCOME, 10_000: replace(OUTCOME, files=10_000)}
    for name in ("a.svg", "b.svg"):
        plot(sizes, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_the_page_says_what_the_kept_results_say() -> None:
    page = (ROOT / PAGE).read_text()
    assert renewed(page, results(ROOT / RESULTS)) == page
