"""Lives of simulated rigs: kept stories, fresh seeds in each run, the same twice, and an oracle that sees what is broken."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.simulation.__main__ import explain
from tests.simulation.mutants import MUTANTS, story_for
from tests.simulation.shrinking import shrink
from tests.simulation.stories import BROKE_ONCE, WORTH_TELLING
from tests.simulation.story import Story, story_of
from tests.simulation.telling import Told, tell

pytestmark = pytest.mark.timeout(600)
"""A story takes a second or two of a processor, which a machine at work may not have to give for a long time."""
HERE = Path(__file__).parents[2]
SECONDS = float(os.environ.get("SIMULATED_SECONDS", "30"))
"""Of processor time, for fresh seeds in all."""
PARTS = 5


def told_short(told: Told) -> str:
    """What was broken, in as few words as a few tries find."""
    return explain(shrink(told, tries=40))


@pytest.mark.parametrize("name", list(BROKE_ONCE))
def test_a_story_that_broke_a_rule_once_breaks_none(name: str) -> None:
    told = tell(BROKE_ONCE[name])
    assert not told.rule, explain(told)


@pytest.mark.parametrize("name", list(WORTH_TELLING))
def test_a_story_from_a_dark_corner_breaks_no_rule(name: str) -> None:
    told = tell(WORTH_TELLING[name])
    assert not told.rule, explain(told)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
def test_no_rule_is_broken_in_lives_that_nobody_has_seen_before(part: int) -> None:
    end = time.process_time() + SECONDS / PARTS
    tellings = 0
    while tellings == 0 or time.process_time() < end:
        told = tell(story_of(int.from_bytes(os.urandom(4), "big")))
        tellings += 1
        if told.rule:
            pytest.fail(f"part {part}: {told_short(told)}")


def test_a_seed_tells_the_same_story_twice() -> None:
    first, second = tell(story_of(7)), tell(story_of(7))
    assert first.trace == second.trace
    assert first.digest == second.digest


def test_a_seed_tells_the_same_story_whatever_the_order_of_sets() -> None:
    program = (
        "from tests.simulation.telling import tell; from tests.simulation.story import story_of; "
    )
    digests = {
        subprocess.run(
            [
                sys.executable,
                "-c",
                program + "print([tell(story_of(each)).digest for each in (7, 11)])",
            ],
            cwd=HERE,
            env={**os.environ, "PYTHONHASHSEED": number},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout
        for number in ("1", "2")
    }
    assert len(digests) == 1


def test_what_is_remembered_is_what_the_store_says() -> None:
    # `wary` compares each answer, which the story must not feel.
    assert tell(story_of(7), wary=True).digest == tell(story_of(7)).digest


def test_a_story_is_kept_in_a_file_and_read_again() -> None:
    story = story_of(5)
    assert Story.from_json(story.to_json()) == story


@pytest.mark.parametrize("name", list(MUTANTS))
def test_a_program_that_is_broken_on_purpose_is_found_out(name: str) -> None:
    mutant, rule, _, _ = MUTANTS[name]
    with mutant():
        told = tell(story_for(name))
    assert told.rule == rule, told.what


@pytest.mark.parametrize("name", list(MUTANTS))
def test_the_same_stories_break_no_rule_of_the_program_as_it_is(name: str) -> None:
    told = tell(story_for(name))
    assert not told.rule, explain(told)
