"""Open, read and close every file of a tree, as a bare loop in Python does it: `open_all ROOT`."""

from __future__ import annotations

import json
import os
import sys

from benchmarks.measuring import section

HEAD = 4096
"""Bytes."""


def main(root: str) -> None:
    """Go from folder to folder."""
    with section() as figures:
        for folder, _, names in os.walk(root):
            descriptor = os.open(folder, os.O_RDONLY)
            for name in names:
                file = os.open(name, os.O_RDONLY, dir_fd=descriptor)
                os.pread(file, HEAD, 0)
                os.close(file)
            os.close(descriptor)
    json.dump(figures, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
