"""Every parser on what is kept, on inputs nobody tried before, and on inputs made by the grammar of its format.

At a failure the seed is told; `make fuzz TARGET=… SEED=…` shows it again.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.grammars import GRAMMARS
from tests.fuzz.running import KEPT, attempt, campaign, corpus_of, for_seconds, new_seed, smaller
from tests.fuzz.table import TARGETS
from tests.fuzz.target import Target

pytestmark = pytest.mark.timeout(
    240
)  # on a busy machine; work is counted, or the processor's time is

SECONDS = float(os.environ.get("FUZZ_SECONDS", "0.15"))
"""Of the processor's time, for each target."""

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "8"))

BY_NAME = {target.name: target for target in TARGETS}
every_target = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)


@every_target
def test_what_once_showed_something_shows_nothing_any_more(target: Target) -> None:
    findings = [found for data in corpus_of(target) if (found := attempt(target, data))]

    assert not findings, "\n".join(map(str, findings))


@every_target
def test_what_is_not_spoiled_is_read(target: Target) -> None:
    """Else everything would be refused before it is looked at, and nothing be found."""
    answer = target.run(target.seeds()[0])

    assert answer in (None, "answered")


@every_target
def test_spoiled_inputs_end_in_an_answer_or_in_a_documented_error(target: Target) -> None:
    seed = int(os.environ.get("FUZZ_SEED", new_seed()))

    _, found = campaign(target, seed, for_seconds(SECONDS))

    if found is not None:
        pytest.fail(f"seed {seed}: {smaller(target, found)}")


@pytest.mark.parametrize("name", GRAMMARS)
def test_inputs_of_a_grammar_end_in_an_answer_or_in_a_documented_error(name: str) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(GRAMMARS[name])
    def run(data: bytes) -> None:
        found = attempt(BY_NAME[name], data)
        if found is not None:
            raise found.error

    run()


@given(st.binary(max_size=300))
@settings(max_examples=EXAMPLES, deadline=None)
def test_bytes_of_no_format_at_all_end_so_too(data: bytes) -> None:
    for target in TARGETS:
        assert attempt(target, data) is None


def test_what_is_kept_belongs_to_a_target_and_is_small() -> None:
    folders = sorted(KEPT.iterdir())

    assert folders
    assert {folder.name for folder in folders} <= set(BY_NAME)
    assert all(path.stat().st_size < 20_000 for folder in folders for path in folder.iterdir())
