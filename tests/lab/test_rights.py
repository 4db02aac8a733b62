"""A user who may do what docs/DATAJOINT.md asks for, and no more, is enough."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archived.errors import LabDatabaseError
from archived.store.lab import Wish, mirror, water_restriction
from tests.lab.catalogue import G0, G1, Catalogue
from tests.lab.labs import ARCHIVES, Lab
from tests.store.servers import USER

PAGE = Path(__file__).parents[2] / "docs" / "DATAJOINT.md"


def statements(lab: Lab, user: str) -> list[str]:
    """What the page tells an administrator to type, for this lab and user; the first makes the user."""
    begin = "CREATE USER" if lab.backend == "mysql" else "CREATE ROLE"
    block = next(
        each for each in re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.S) if begin in each
    )
    for old, new in {
        "map_v2_": lab.prefix,
        "rig.lab.org": "127.0.0.1",
        "'archived'@": f"'{user}'@",
        "archived;": f"{user};",
        "ROLE archived ": f"ROLE {user} ",
        "DATABASE lab ": f"DATABASE {lab.DATABASE} ",
        "'…'": "'lab-password'",
    }.items():
        block = block.replace(old, new)
    return [each.strip() for each in block.split(";\n") if each.strip()]


@pytest.fixture
def user(lab: Lab) -> str:
    """The name of a user who may do nothing yet."""
    lab.people()
    return f"u_{lab.prefix}".strip("_")


def test_what_the_page_grants_is_enough(lab: Lab, user: str, catalogue: Catalogue) -> None:
    lab.execute(*statements(lab, user))
    settings = lab.settings(address=lab.address.replace(f"{USER}@", f"{user}:lab-password@"))
    catalogue.archive(G0, "a.ap.bin")

    for wish in (Wish(change=False), Wish(), Wish(rebuild=True)):
        assert mirror(catalogue.store, settings, ARCHIVES, wish).mirrored
    catalogue.archive(G1, "b.ap.bin")
    mirror(catalogue.store, settings, ARCHIVES, Wish())
    lab.enter(sessions=[(407513, 4, "2019-02-23")])
    mirror(catalogue.store, settings, ARCHIVES, Wish())

    assert mirror(catalogue.store, settings, ARCHIVES, Wish(change=False)).in_step
    assert lab.rows("publication", "data_set")
    assert lab.tables() >= {"_archived_raw_ephys", "~lineage", "~archived_mirror"}


def test_who_may_only_read_the_animals_reads_them_and_mirrors_nothing(
    lab: Lab, user: str, catalogue: Catalogue
) -> None:
    reading = [each for each in statements(lab, user) if "_publication" not in each]
    lab.execute(*(each for each in reading if "experiment" not in each and "DATABASE" not in each))
    settings = lab.settings(address=lab.address.replace(f"{USER}@", f"{user}:lab-password@"))

    assert water_restriction(settings) == [("407513", "SC011")]
    with pytest.raises(LabDatabaseError) as caught:
        mirror(catalogue.store, settings, ARCHIVES, Wish())
    assert "what the server grants" in caught.value.what_to_do
    assert lab.tables() == set()
