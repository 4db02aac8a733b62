"""What to do about a link that leads to no page."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

ROOT = Path(__file__).parents[2]


def to_no_page(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.Node | None:
    """A file of the repository is named and not linked, as it is not among what is built; anything else is a mistake."""
    target = str(node.get("reftarget", "")).partition("#")[0]
    page = Path(app.srcdir) / str(node.get("refdoc", ""))
    found = target and (page.parent / target).resolve()
    if found and found.exists() and found.is_relative_to(ROOT):
        return nodes.inline("", "", *content.children)
    return None


def without_addresses(app: Sphinx, document: nodes.document, page: str) -> None:
    """In a man page a link is its text: there is nothing to follow."""
    if app.builder.name == "man":
        for link in list(document.findall(nodes.reference)):
            link.replace_self(link.children)
