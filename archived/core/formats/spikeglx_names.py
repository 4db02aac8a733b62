"""How SpikeGLX and CatGT name the files of a run (SpikeGLX, DFName.cpp)."""

from __future__ import annotations

import re

from archived.core.dataclass import dataclass

_STREAM = re.compile(
    r"(?P<head>.*?)\.(?P<device>imec[0-9]*|obx[0-9]*|nidq)(?:\.(?P<band>ap|lf|obx))?"
    r"\.(?P<extension>bin|meta|cbin|ch)",
    re.IGNORECASE | re.DOTALL,
)
_TRIAL = re.compile(
    r"(?P<run>.+_g[0-9]{1,9})_t(?P<trial>[0-9]{1,9}|cat)(?P<exported>\.exported)?",
    re.IGNORECASE | re.DOTALL,
)
# With "separate shanks", probe K is saved as imec(1000 + 10 K + shank).
FIRST_SHANK = 1000
SHANKS = 10


@dataclass(frozen=True, slots=True)
class StreamName:
    """What the name of one file of a stream says. `run` has its `_gN`; all but `run` are lower case."""

    run: str
    trial: str
    """A number, `cat` for what CatGT wrote, "" where the name has none."""
    exported: bool
    device: str
    """`imec0`, `imec` (phase 3A), `obx0` or `nidq`."""
    band: str

    @property
    def kind(self) -> str:
        """`imec`, `obx` or `nidq`."""
        return self.device.rstrip("0123456789")

    @property
    def stream(self) -> str:
        """`imec0.ap`, `nidq`."""
        return f"{self.device}.{self.band}" if self.band else self.device

    @property
    def probe(self) -> str:
        """The device, or for a shank of its own the device that it is a part of."""
        number = self.device.removeprefix("imec")
        if number.isdecimal() and len(number) < 9 and int(number) >= FIRST_SHANK:
            return f"imec{(int(number) - FIRST_SHANK) // SHANKS}"
        return self.device


def parse_name(path: str) -> StreamName | None:
    """The name as SpikeGLX means it, or None where it is none of its."""
    stream = _STREAM.fullmatch(path.rpartition("/")[2])
    if stream is None:
        return None
    trial = _TRIAL.fullmatch(stream["head"])
    return StreamName(
        run=trial["run"] if trial else stream["head"],
        trial=trial["trial"].lower() if trial else "",
        exported=bool(trial and trial["exported"]),
        device=stream["device"].lower(),
        band=(stream["band"] or "").lower(),
    )
