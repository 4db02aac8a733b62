"""Raw runs as SpikeGLX writes them: one folder per run, its probes flat in it or in folders of their own."""

from __future__ import annotations

from archived.core.conventions.base import Convention, templates
from archived.core.conventions.ephys_files import EPHYS_FILES

SCRATCH = ("temp_wh.dat",)
"""Kilosort's whitened copy of the data: as large as the recording, and made anew at will."""


def spikeglx(h2o: str) -> Convention:
    """SpikeGLX's run folders, and the older ones that map-ephys reads (`dl40/20181022/1`)."""
    return Convention(
        name="spikeglx",
        templates=templates(
            h2o,
            "{h2o}/{h2o}_{date:%m%d%y}[_{ident}]_g{run:int}",
            "{h2o}/{h2o}[{session:mark}]_{date:%m%d%y}[_{ident}]_g{run:int}",
            "{h2o}/{h2o}[{session:mark}]_{date:%Y%m%d}[_{ident}]_g{run:int}",
            "{h2o}/{h2o}[{session:mark}]_{date:%m%d%Y}[_{ident}]_g{run:int}",
            "{h2o}/{date:%Y%m%d}[_{ident}]_g{run:int}",
            "{h2o}[{session:mark}]_{date:%m%d%y}[_{ident}]_g{run:int}",
            "{h2o}[{session:mark}]_{date:%Y%m%d}[_{ident}]_g{run:int}",
            "{h2o}[{session:mark}]_{date:%m%d%Y}[_{ident}]_g{run:int}",
            "{h2o}/{date:%Y%m%d}/{session:int}",
            "{h2o}/{date:%Y-%m-%d}/{session:int}",
        ),
        finished=("spikeglx", "video"),
        file_types=EPHYS_FILES,
        exclude=SCRATCH,
    )
