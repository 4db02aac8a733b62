"""Videos of a session: below the animal and the day, or below the camera and the animal."""

from __future__ import annotations

from archived.core.conventions.base import Convention, templates
from archived.core.conventions.video_files import VIDEO_FILES


def tracking_video(h2o: str) -> Convention:
    """Cameras' folders. `{ident:label}` leaves alone what ends in `_gN`: that is a run of SpikeGLX."""
    return Convention(
        name="tracking-video",
        templates=templates(
            h2o,
            "{h2o}/{date:%m%d%Y}[_{ident:label}]/video",
            "{h2o}/{date:%Y%m%d}[_{ident:label}]/video",
            "{h2o}/{date:%Y-%m-%d}[_{ident:label}]/video",
            "{h2o}/{date:%Y_%m_%d}[_{ident:label}]/video",
            "{h2o}/{h2o}_{date:%m%d%y}[_{ident:label}]",
            "{h2o}/{h2o}_{date:%Y%m%d}[_{ident:label}]",
            "{h2o}/{date:%Y%m%d}[_{ident:label}]/tracking",
            "{camera:word}/{h2o}/{date:%Y_%m_%d}[_{ident:label}]",
            "videos/{camera:word}/{h2o}/{date:%Y_%m_%d}[_{ident:label}]",
        ),
        # Whatever lies among the videos: a recording that is being written is not finished.
        finished=("video", "spikeglx"),
        file_types=VIDEO_FILES,
    )
