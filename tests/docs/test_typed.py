"""What the tutorial and the how-tos show is typed here, from the first line to the last, and shows what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Command, NotRun, Written, steps
from tests.docs.typing import Shell

PAGES = [
    "README.md",
    "docs/tutorial.md",
    *sorted(f"docs/how-to/{each.name}" for each in (ROOT / "docs/how-to").glob("*.md")),
]
TYPED = [page for page in PAGES if any(isinstance(step, Command) for step in steps(ROOT / page))]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("page", TYPED)
def test_a_page_shows_what_happens(page: str, tmp_path: Path) -> None:
    todo = [step for step in steps(ROOT / page) if not isinstance(step, NotRun)]
    with Shell(tmp_path) as shell:
        for step, following in zip(todo, [*todo[1:], None], strict=True):
            if isinstance(step, Written):
                folder = shell.type("pwd")[1].strip()
                (Path(folder) / step.name).write_text(step.content, encoding="utf-8")
                continue
            code = shell.type_until(step.typed, step.shows)
            asked = isinstance(following, Command) and following.typed == "echo $?"
            assert code == 0 or asked, f"{step.typed} exited with {code}"
