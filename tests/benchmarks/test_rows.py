"""Every benchmark runs, at a size that takes seconds; what it brings there is no figure to go by."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.__main__ import modules
from benchmarks.values import Outcome


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where a server's own user may go as well, which it may not below the folders of pytest."""
    with tempfile.TemporaryDirectory(prefix="archived-benchmarks-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@pytest.mark.timeout(240)
@pytest.mark.parametrize("number", [module.NUMBER for module in modules()])
def test_a_row_runs_and_tells_what_it_measured(number: int, folder: Path) -> None:
    command = [sys.executable, "-m", "benchmarks", str(number), "--quick"]
    result = subprocess.run(
        [*command, "--where", folder / "rigs", "--into", folder / "results"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    (path,) = (folder / "results").iterdir()
    outcome = Outcome.of(json.loads(path.read_text()))
    assert outcome.row == number
    assert outcome.claims
    assert outcome.samples
    assert all(sample.wall > 0 for samples in outcome.samples.values() for sample in samples), (
        outcome.samples
    )


def test_the_rows_are_numbered_as_their_files_are_called() -> None:
    for module in modules():
        assert module.__name__.startswith(f"benchmarks.row_{module.NUMBER:02}_")
        assert module.TITLE
        assert module.AGAINST
