"""The same targets guided by coverage, with atheris: an extra (`pip install 'archived[fuzz]'`), not needed otherwise."""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz.mutator import mutate
from tests.fuzz.running import attempt
from tests.fuzz.target import Target

SHARE = 4
"""One input in so many is spoiled by our own mutator, which knows the formats; libFuzzer spoils the others."""


def guided(target: Target, corpus: Sequence[bytes], seconds: float, seed: int, found: Path) -> None:
    """Fuzz a target until something is found or the time is over; ends the process."""
    import atheris

    _instrument(atheris)
    generator = random.Random(f"{target.name} {seed}")

    def test(data: bytes) -> None:
        finding = attempt(target, data)
        if finding is not None:
            raise finding.error

    def spoil(data: bytes, most: int, chance: int) -> bytes:
        generator.seed(chance)
        if generator.randrange(SHARE):
            spoiled = atheris.Mutate(data, most)
        else:
            spoiled = mutate(generator, target, [data, *corpus])
        return bytes(spoiled)[:most]

    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(corpus):
            (Path(folder) / str(number)).write_bytes(data)
        place = found / target.name
        place.mkdir(parents=True, exist_ok=True)
        words = [
            sys.argv[0], f"-max_total_time={max(int(seconds), 1)}", f"-seed={seed % 2**32 or 1}", f"-max_len={target.longest}",
            f"-artifact_prefix={place}/", "-print_final_stats=1", "-timeout=30", "-verbosity=1", folder,
        ]  # fmt: skip
        atheris.Setup(words, test, custom_mutator=spoil)
        atheris.Fuzz()


def _instrument(atheris: object) -> None:
    """Have our own modules tell which of their branches an input took."""
    instrument = atheris.instrument_func  # type: ignore[attr-defined]
    for name, module in list(sys.modules.items()):
        if not name.startswith("archived.") or module is None:
            continue
        for value in vars(module).values():
            if getattr(value, "__module__", None) != name:
                continue
            if callable(value) and hasattr(value, "__code__"):
                instrument(value)
            for method in vars(value).values() if isinstance(value, type) else ():
                if hasattr(method, "__code__"):
                    instrument(method)
