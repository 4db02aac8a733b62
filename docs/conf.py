"""How Sphinx builds these pages: `make docs` for HTML, `make man` for man pages."""

from __future__ import annotations

import sys
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT), str(HERE)]

from parts import commands, links, settings  # noqa: E402 - found only now

from archived import __version__  # noqa: E402

project = "archived"
author = "the authors of archived"
project_copyright = ""
version = release = __version__

extensions = ["myst_parser"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 4
exclude_patterns = ["_build", "parts", "performance", "schemas"]
nitpicky = True
highlight_language = "none"
smartquotes = False  # what is typed in a shell is shown as it is typed

html_theme = "furo"
html_title = "archived"
html_show_copyright = False
html_show_sphinx = False
html_theme_options = {"footer_icons": []}

man_pages = [
    ("reference/archivedctl", "archivedctl", "ask and steer the archiving of a rig", author, 1),
    ("reference/archived.ini", "archived.ini", "the configuration of archived", author, 5),
    ("reference/archived", "archived", "archive finished recordings of a rig", author, 8),
]
man_show_urls = False


def setup(app: Sphinx) -> None:
    """Fill in what is made of the code, and lead to the code what is not among the pages."""
    app.connect("source-read", commands.fill_in)
    app.connect("source-read", settings.fill_in)
    app.connect("missing-reference", links.to_no_page)
    app.connect("doctree-resolved", links.without_addresses)
