"""Every key has a variable that overrides it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from archived.config.assembling import Assembled, assemble
from archived.config.environment import variable

TEXT = """
[archived]
rig = rig
store = /var/lib/archived/archived.db
[globus]
local_endpoint_local_path = /data
[location:raw-ephys]
archive = /mnt/nas
conventions = catgt
"""


def with_environment(text: str = TEXT, **environ: str) -> Assembled:
    return assemble(text, environ, path=None, windows=False)


def test_a_variable_overrides_a_key_that_is_there() -> None:
    found = with_environment(ARCHIVED_ARCHIVED_RIG="other").configuration
    assert found is not None
    assert found.rig == "other"


def test_a_variable_gives_a_key_whose_section_is_not_there() -> None:
    found = with_environment(ARCHIVED_TRANSFER_POLL="7s").configuration
    assert found is not None
    assert found.transfer.poll == timedelta(seconds=7)


def test_a_location_is_found_by_its_name_with_underscores() -> None:
    found = with_environment(ARCHIVED_LOCATION_RAW_EPHYS_ARCHIVE="/mnt/other").configuration
    assert found is not None
    assert str(found.locations[0].location.archive) == "/mnt/other"
    assert variable("location:raw-ephys", "archive") == "ARCHIVED_LOCATION_RAW_EPHYS_ARCHIVE"


def test_an_empty_variable_takes_a_key_away() -> None:
    (mistake,) = with_environment(ARCHIVED_ARCHIVED_RIG="").mistakes
    assert str(mistake).startswith("[archived] rig is missing")


def test_a_mistake_tells_which_variable_it_came_from() -> None:
    (mistake,) = with_environment(ARCHIVED_TRANSFER_POLL="often").mistakes
    assert str(mistake).startswith("[transfer] poll = often: expected a duration")
    assert str(mistake).endswith("(the value comes from $ARCHIVED_TRANSFER_POLL)")


@pytest.mark.parametrize(
    "name", ["ARCHIVED_TRANSFER_POL", "ARCHIVED_LOCATION_OTHER_ARCHIVE", "ARCHIVED_ARCHIVED_"]
)
def test_a_variable_that_fits_no_key_is_a_mistake(name: str) -> None:
    (mistake,) = with_environment(**{name: "SECRET"}).mistakes
    assert str(mistake).startswith(f"${name}: expected a variable")
    assert "SECRET" not in str(mistake)


@pytest.mark.parametrize("name", ["ARCHIVED_CONFIG", "ARCHIVED", "_ARCHIVEDCTL_COMPLETE", "PATH"])
def test_other_variables_are_none_of_our_business(name: str) -> None:
    assert with_environment(**{name: "x"}).mistakes == ()


def test_a_variable_that_means_two_locations_is_a_mistake() -> None:
    text = TEXT + "[location:raw_ephys]\narchive = /mnt/b\nconventions = spikeglx\n"
    (mistake,) = with_environment(text, ARCHIVED_LOCATION_RAW_EPHYS_ARCHIVE="/x").mistakes
    assert "means [location:raw-ephys] archive and [location:raw_ephys] archive" in str(mistake)


def test_the_variable_of_the_secret_is_no_key() -> None:
    text = TEXT.replace("[globus]", "[globus]\nclient_id = c40e971d-0075-4a82-b12f-8f9717762e7b")
    found = with_environment(text, ARCHIVED_GLOBUS_CLIENT_SECRET="TAINTTAINT").configuration
    assert found is not None
    assert found.globus.client_secret() == "TAINTTAINT"
