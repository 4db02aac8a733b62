"""What cameras and the tracking programs around them write."""

from __future__ import annotations

from archived.core.filetypes import FileType

_DAY = "[0-9][0-9]"

EXTENSIONS = ("avi", "mp4", "mov", "mkv")

_TRIALS = [
    # `-0000` is the segment that FlyCapture and Spinnaker count; other programs write the trial alone.
    *(FileType(f"*_*_#-#.{extension}", "tracking-video-trial") for extension in EXTENSIONS),
    *(FileType(f"*_*_#.{extension}", "tracking-video-trial") for extension in EXTENSIONS),
    FileType("*.seq", "tracking-video-seq"),
]
_SESSIONS = [FileType(f"*.{extension}", "tracking-video-session") for extension in EXTENSIONS]

_MAPS = [
    # In the session's own spelling of the date: dl55_20190108_side.txt, SC026_080819_2_side.txt,
    # DL027_2021_07_01_side.txt.
    FileType(f"*_{_DAY * 4}_*.txt", "tracking-video-map"),
    FileType(f"*_{_DAY * 3}_*.txt", "tracking-video-map"),
    FileType(f"*_{_DAY * 2}_{_DAY}_{_DAY}_*.txt", "tracking-video-map"),
    FileType(f"*_{_DAY * 2}-{_DAY}-{_DAY}_*.txt", "tracking-video-map"),
]

_TRACKED = [
    FileType("*dlc*.h5", "tracking-video-dlc"),
    FileType("*dlc*.pickle", "tracking-video-dlc"),
    FileType("*.csv", "tracking-video-csv"),
]

VIDEO_FILES = (*_TRIALS, *_SESSIONS, *_MAPS, *_TRACKED)
"""The types of a video recording's files; the first that fits wins."""
