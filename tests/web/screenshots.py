"""`make screenshots`: the pictures of docs/WEB.md, of the lab of the tests."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path

from PIL import Image

from tests.cli.rigs import CliRig
from tests.web.browser import WIDTHS, browsing
from tests.web.lab import NOW, afternoon
from tests.web.site import served

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"

DATASET = "/datasets/raw-ephys/SC041/catgt_SC041_030726_g0"
ARCHIVED = "/datasets/raw-ephys/DL017/catgt_DL017_031226_g0"

PICTURES = [
    ("today", "/", "desktop", "light"),
    ("today-dark", "/", "desktop", "dark"),
    ("today-phone", "/", "phone", "light"),
    ("calendar", "/calendar", "desktop", "light"),
    ("calendar-phone", "/calendar", "phone", "dark"),
    ("transfers", "/transfers", "desktop", "light"),
    ("attention", "/attention", "desktop", "light"),
    ("dataset", ARCHIVED, "desktop", "light"),
    ("dataset-phone", DATASET, "phone", "light"),
    ("datasets", "/datasets", "desktop", "light"),
]
"""Name, page, window, colours."""

COLOURS = 200

TALLEST = 1_500
"""Pixels of a page that a picture shows."""


def main(folder: Path) -> None:
    """Take all pictures."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as base:
        rig = CliRig(Path(base), now=NOW)
        settings = rig.configuration.read_text()
        rig.configuration.write_text(settings.replace(f"{base}/archive", "/mnt/nas"))
        with rig.store() as store, afternoon(store), served(rig) as address, browsing() as browser:
            for name, path, window, colours in PICTURES:
                width, height = WIDTHS[window]
                page = browser.new_page(
                    viewport={"width": width, "height": height},
                    color_scheme="dark" if colours == "dark" else "light",
                    java_script_enabled=False,
                )
                page.goto(address.rstrip("/") + path)
                shot = page.screenshot(
                    full_page=True,
                    clip={"x": 0, "y": 0, "width": width, "height": TALLEST},
                )
                # A few colours are all that the pages have, and make a small file.
                Image.open(BytesIO(shot)).convert("RGB").quantize(COLOURS).save(
                    folder / f"{name}.png", optimize=True
                )
                page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
