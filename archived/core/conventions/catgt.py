"""What CatGT makes of raw runs: `catgt_<run>_gN`, and `supercat_<run>_gN` for several runs joined."""

from __future__ import annotations

from archived.core.conventions.base import Convention, templates
from archived.core.conventions.ephys_files import EPHYS_FILES
from archived.core.conventions.spikeglx import SCRATCH


def catgt(h2o: str) -> Convention:
    """CatGT's folders below an animal's, or directly in the root."""
    return Convention(
        name="catgt",
        templates=templates(
            h2o,
            "{h2o}/catgt_{h2o}_{date:%m%d%y}[_{ident}]_g{run:int}",
            "{h2o}/catgt_{h2o}[{session:mark}]_{date:%m%d%y}[_{ident}]_g{run:int}",
            "{h2o}/catgt_{h2o}[{session:mark}]_{date:%Y%m%d}[_{ident}]_g{run:int}",
            "{h2o}/catgt_{h2o}[{session:mark}]_{date:%m%d%Y}[_{ident}]_g{run:int}",
            "{h2o}/catgt_{date:%Y%m%d}[_{ident}]_g{run:int}",
            "{h2o}/supercat_{h2o}[{session:mark}]_{date:%m%d%y}[_{ident}]_g{run:int}",
            "{h2o}/supercat_{h2o}[{session:mark}]_{date:%Y%m%d}[_{ident}]_g{run:int}",
            "{h2o}/supercat_{h2o}[{session:mark}]_{date:%m%d%Y}[_{ident}]_g{run:int}",
            "catgt_{h2o}[{session:mark}]_{date:%m%d%y}[_{ident}]_g{run:int}",
            "catgt_{h2o}[{session:mark}]_{date:%Y%m%d}[_{ident}]_g{run:int}",
            "catgt_{h2o}[{session:mark}]_{date:%m%d%Y}[_{ident}]_g{run:int}",
            "supercat_{h2o}[{session:mark}]_{date:%m%d%y}[_{ident}]_g{run:int}",
            "supercat_{h2o}[{session:mark}]_{date:%Y%m%d}[_{ident}]_g{run:int}",
            "supercat_{h2o}[{session:mark}]_{date:%m%d%Y}[_{ident}]_g{run:int}",
        ),
        finished=("catgt", "video"),
        file_types=EPHYS_FILES,
        exclude=SCRATCH,
    )
