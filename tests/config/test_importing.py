"""An old configuration becomes a new one: both generations of keys, mixtures, and whatever else was written there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archived import config
from archived.config import Configuration, GlobusSettings
from archived.config.importing import Import, Imported, Outcome, Wishes, read_document, rig_name
from archived.config.kinds import name as read_name
from archived.core.model import CollectionArchive
from archived.errors import ConfigurationError

RIG = "C40E971D-0075-4A82-B12F-8F9717762E7B"
PETREL = "5b875fda-4185-11e8-bb52-0ac6873fc732"
SECRET = "kept-where-it-belongs-4711"

FIRST = {
    "globus.local_endpoint": RIG,
    "globus.local_endpoint_subdir": "map/raw",
    "globus.local_endpoint_local_path": "/globus/map/raw",
}
"""The documented generation of keys."""

PLACE = {"endpoint": RIG, "endpoint_subdir": "map/raw", "endpoint_path": "/globus/map/raw"}
SECOND = {"custom": {"globus.local_endpoints": {"raw-ephys": PLACE, "raw-video": PLACE}}}
"""The generation that the code read."""


def imported(document: Mapping[str, Any], **wishes: Any) -> Imported:
    """What becomes of a file that holds this."""
    return Import.of(read_document(json.dumps(document))).write(Wishes(rig="rig-1", **wishes))


def loaded(document: Mapping[str, Any], folder: Path, **wishes: Any) -> Configuration:
    """The new configuration, loaded from a file as the programs load it."""
    file = folder / "archived.ini"
    file.write_text(imported(document, **wishes).text)
    return config.load(file, {})


def told(document: Mapping[str, Any], outcome: Outcome, **wishes: Any) -> dict[str, str]:
    """The lines of the report of one outcome, by the old key."""
    report = imported(document, **wishes).report
    return {each.key: each.what for each in report if each.outcome is outcome}


class TestPlaces:
    def test_both_generations_of_keys_mean_the_same(self, tmp_path: Path) -> None:
        first, second = loaded(FIRST, tmp_path), loaded(SECOND, tmp_path)

        assert first == second
        assert isinstance(first.globus, GlobusSettings)
        assert first.globus.local_endpoint == RIG.lower()
        assert first.globus.local_endpoint_local_path == "/globus/map/raw"
        assert first.globus.local_endpoint_subdir == "/map/raw"

    def test_a_location_may_have_a_place_of_its_own_beside_the_common_one(
        self, tmp_path: Path
    ) -> None:
        own = {"endpoint": RIG, "endpoint_subdir": "video/", "endpoint_path": "/video/"}
        found = loaded(
            {**FIRST, "custom": {"globus.local_endpoints": {"raw-video": own}}}, tmp_path
        )

        ephys, video = (each.location for each in found.locations)
        assert (ephys.root, ephys.collection_path) == ("/globus/map/raw", "/map/raw")
        assert (video.root, video.collection_path) == ("/video", "/video")

    def test_places_that_differ_stand_in_their_locations(self, tmp_path: Path) -> None:
        other = {**PLACE, "endpoint_path": "/globus/video", "endpoint_subdir": "/globus/video"}
        places = {"raw-ephys": PLACE, "raw-video": other}
        found = loaded({"custom": {"globus.local_endpoints": places}}, tmp_path)

        assert found.globus.local_endpoint is None
        assert [each.location.root for each in found.locations] == [
            "/globus/map/raw",
            "/globus/video",
        ]

    def test_the_first_generation_may_stand_in_custom_and_comes_first_there(
        self, tmp_path: Path
    ) -> None:
        document = {**FIRST, "custom": {"globus.local_endpoint_local_path": "/elsewhere"}}

        assert loaded(document, tmp_path).globus.local_endpoint_local_path == "/elsewhere"
        assert (
            "differs from custom > "
            in told(document, Outcome.LEFT)["globus.local_endpoint_local_path"]
        )

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("C:\\globus\\map\\raw", "C:\\globus\\map\\raw"),
            ("C:/globus/map/raw/", "C:\\globus\\map\\raw"),
            ("D:\\globus\\", "D:\\globus"),
            ("\\\\nas\\rig\\raw\\", "\\\\nas\\rig\\raw"),
            ("/globus/map/raw/", "/globus/map/raw"),
            ("//globus//map/raw", "/globus/map/raw"),
            ("~/globus", "~/globus"),
        ],
    )
    def test_a_folder_keeps_the_spelling_of_its_machine(self, old: str, new: str) -> None:
        document = {**FIRST, "globus.local_endpoint_local_path": old}

        assert f"\nlocal_endpoint_local_path = {new}\n" in imported(document).text
        assert config.mistakes(imported(document).text, {"HOME": "/home/ada"}) == []

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("map\\raw\\", "/map/raw"),
            ("/map/raw/", "/map/raw"),
            ("", "/"),
            (None, "/map/raw"),
            ("/~/raw", "/~/raw"),
        ],
    )
    def test_the_place_in_the_collection_has_forward_slashes(
        self, old: str | None, new: str, tmp_path: Path
    ) -> None:
        given = FIRST if old is None else {**FIRST, "globus.local_endpoint_subdir": old}

        assert loaded(given, tmp_path).globus.local_endpoint_subdir == new

    @pytest.mark.parametrize(
        ("key", "value", "reason"),
        [
            ("local_path", "data/raw", "expected an absolute path"),
            ("local_path", "/data/rig #1", "cannot stand in an INI file"),
            ("local_path", "/data/ra\nw", "expected an absolute path"),
            ("local_path", 5, "it is no text"),
            ("local_path", "  ", "it is empty"),
            ("subdir", "map/../raw", "without `..`"),
            ("subdir", "map/raw ;1", "cannot stand in an INI file"),
        ],
    )
    def test_what_cannot_be_carried_over_is_told_with_the_reason(
        self, key: str, value: object, reason: str
    ) -> None:
        name = f"globus.local_endpoint_{key}"
        document = {**FIRST, name: value}

        assert reason in told(document, Outcome.LEFT)[name]
        [mistake] = config.mistakes(imported(document).text)
        assert mistake.section == "globus"
        assert mistake.key == name.removeprefix("globus.")

    def test_half_a_place_is_never_completed_by_another(self, tmp_path: Path) -> None:
        half = {"endpoint": RIG, "endpoint_path": "/video"}
        document = {**FIRST, "custom": {"globus.local_endpoints": {"raw-video": half}}}

        [only] = loaded(document, tmp_path).locations
        assert only.location.name == "raw-ephys"
        where = "custom > globus.local_endpoints > raw-video"
        assert "lacks endpoint_subdir" in told(document, Outcome.LEFT)[where]

    def test_a_location_that_map_ephys_had_no_place_for_is_left_out(self, tmp_path: Path) -> None:
        document = {"custom": {"globus.local_endpoints": {"raw-ephys": PLACE}}}

        [only] = loaded(document, tmp_path).locations
        assert only.location.name == "raw-ephys"
        assert "; [location:raw-video]" in imported(document).text


class TestStorage:
    def test_without_any_the_code_of_map_ephys_says_where(self, tmp_path: Path) -> None:
        found = loaded(FIRST, tmp_path)

        assert [(each.location.name, each.location.archive) for each in found.locations] == [
            ("raw-ephys", CollectionArchive(PETREL, "/ePhys")),
            ("raw-video", CollectionArchive(PETREL, "/Videos")),
        ]
        assert len(told(FIRST, Outcome.SUPPLIED)) == 2
        assert f"; archive = {PETREL}:/4ElectrodeRig_Ephys" in imported(FIRST).text

    def test_its_documentation_may_be_chosen_instead(self) -> None:
        text = Import.of(FIRST, documented_paths=True).write(Wishes(rig="rig-1")).text

        assert f"\narchive = {PETREL}:/4ElectrodeRig_Ephys\n" in text
        assert f"\narchive = {PETREL}:/\n" in text
        assert f"\n; archive = {PETREL}:/Videos\n" in text

    @pytest.mark.parametrize(
        "entry",
        [
            ["raw-ephys", PETREL.upper(), "mine/ephys/"],
            {"globus_alias": "raw-ephys", "globus_endpoint": PETREL, "globus_path": "/mine/ephys"},
        ],
        ids=["list", "object"],
    )
    def test_those_of_the_file_take_their_place(self, tmp_path: Path, entry: object) -> None:
        document = {**FIRST, "custom": {"globus.storage_locations": [entry]}}

        [only] = loaded(document, tmp_path).locations
        assert only.location.archive == CollectionArchive(PETREL, "/mine/ephys")
        assert only.location.conventions == ("catgt",)
        assert told(document, Outcome.SUPPLIED) == {}

    def test_a_video_location_gets_the_videos(self, tmp_path: Path) -> None:
        locations = [["raw-video", PETREL, "/v"], ["side_tracking", PETREL, "/t"]]
        found = loaded({**FIRST, "custom": {"globus.storage_locations": locations}}, tmp_path)

        assert [each.location.conventions for each in found.locations] == [("tracking-video",)] * 2

    @pytest.mark.parametrize(
        ("entry", "reason"),
        [
            (["raw-ephys", "petrel#map", "/x"], "no longer has"),
            (["raw-ephys", "petrel", "/x"], "is not a UUID"),
            (["raw ephys", PETREL, "/x"], "its alias 'raw ephys' is not a name"),
            (["raw-ephys", PETREL], "is no [alias, endpoint, path]"),
            ("raw-ephys", "is no [alias, endpoint, path]"),
            ([None, PETREL, "/x"], "its alias is no text"),
        ],
    )
    def test_what_cannot_be_carried_over_is_told_with_the_reason(
        self, entry: object, reason: str
    ) -> None:
        document = {**FIRST, "custom": {"globus.storage_locations": [entry]}}

        left = told(document, Outcome.LEFT)
        assert reason in left["custom > globus.storage_locations > 1"]
        assert [each.section for each in config.mistakes(imported(document).text)] == [
            "location:NAME"
        ]

    def test_of_two_with_the_same_name_the_first_counts(self, tmp_path: Path) -> None:
        locations = [["raw-ephys", PETREL, "/first"], ["raw-ephys", PETREL, "/second"]]
        document = {**FIRST, "custom": {"globus.storage_locations": locations}}

        [only] = loaded(document, tmp_path).locations
        assert only.location.archive == CollectionArchive(PETREL, "/first")
        assert "again" in told(document, Outcome.LEFT)["custom > globus.storage_locations > 2"]

    def test_one_of_unknown_purpose_is_kept_behind_marks(self, tmp_path: Path) -> None:
        locations = [["raw-ephys", PETREL, "/e"], ["scratch", PETREL, "/s"]]
        document = {**FIRST, "custom": {"globus.storage_locations": locations}}

        [only] = loaded(document, tmp_path).locations
        assert only.location.name == "raw-ephys"
        assert "; [location:scratch]" in imported(document).text


class TestDatabase:
    def test_the_server_is_taken_over_without_the_password(self, tmp_path: Path) -> None:
        document = {
            **FIRST,
            "database.host": "db.lab.org",
            "database.user": "a@b c",
            "database.password": SECRET,
            "database.port": 3307,
            "database.use_tls": False,
        }
        found = loaded(document, tmp_path).datajoint

        assert found.address == "mysql://a%40b%20c@db.lab.org:3307"
        assert not found.tls
        assert "--password-file" in told(document, Outcome.LEFT)["database.password"]

    def test_an_encrypted_connection_is_given_up_only_by_a_person(self, tmp_path: Path) -> None:
        document = {**FIRST, "database.host": "db", "database.use_tls": None}

        assert loaded(document, tmp_path).datajoint.tls
        assert "\n; tls = no\n" in imported(document).text

    def test_with_the_password_at_hand_the_subjects_are_read(self, tmp_path: Path) -> None:
        document = {**FIRST, "database.host": "db.lab.org", "database.password": SECRET}
        found = loaded(document, tmp_path, password_file=str(tmp_path / "password"))

        assert found.subjects.datajoint
        assert found.datajoint.password_file == tmp_path / "password"
        assert not loaded(document, tmp_path).subjects.datajoint

    @pytest.mark.parametrize(
        ("settings", "address"),
        [
            ({"database.host": "db:3310", "database.port": 3306}, "mysql://db:3310"),
            ({"database.host": "::1"}, "mysql://[::1]"),
            ({"database": {"host": "db", "user": "me"}}, "mysql://me@db"),
        ],
    )
    def test_other_spellings_of_the_server_are_understood(
        self, settings: dict[str, Any], address: str, tmp_path: Path
    ) -> None:
        assert loaded({**FIRST, **settings}, tmp_path).datajoint.address == address

    @pytest.mark.parametrize("host", ["db/x", "a b", "x ;y", "db?"])
    def test_what_is_no_server_is_told(self, host: str, tmp_path: Path) -> None:
        document = {**FIRST, "database.host": host}

        assert loaded(document, tmp_path).datajoint.address is None
        assert "database.host" in told(document, Outcome.LEFT)

    def test_a_user_that_is_no_text_is_told(self, tmp_path: Path) -> None:
        document = {**FIRST, "database.host": "db", "database.user": "\ud800"}

        assert loaded(document, tmp_path).datajoint.address is None
        assert "database.host, database.user" in told(document, Outcome.LEFT)

    @pytest.mark.parametrize(
        ("custom", "prefix"),
        [
            ({}, "map_v2_"),
            ({"database.prefix": "lab_"}, "lab_"),
            (
                {
                    "lab.database": "test_lab",
                    "experiment.database": "test_experiment",
                    "publication.database": "test_publication",
                },
                "test_",
            ),
            ({"lab.database": "map_v2_lab"}, "map_v2_"),
            ({"lab.database": "map_lab"}, "map_v2_"),
            ({"lab.database": "animals"}, "map_v2_"),
        ],
    )
    def test_the_names_of_the_schemas_become_a_prefix_where_they_share_one(
        self, custom: dict[str, str], prefix: str, tmp_path: Path
    ) -> None:
        document = {**FIRST, "custom": custom}

        assert loaded(document, tmp_path).datajoint.prefix == prefix
        shared = custom.get("lab.database", prefix + "lab") == prefix + "lab"
        assert any("one prefix" in each for each in told(document, Outcome.LEFT).values()) is not (
            shared
        )


WITH_SECRETS = {
    **FIRST,
    "database.host": "db",
    "database.password": SECRET,
    "custom": {"globus.token": SECRET, "my.secret": SECRET, "stores": {"s3": SECRET}},
}


class TestSecrets:
    @pytest.mark.parametrize("wishes", [{}, {"login_refused": "no"}, {"password_file": "/x/y"}])
    def test_no_secret_is_in_the_text_or_in_the_report(self, wishes: dict[str, str]) -> None:
        found = Import.of(WITH_SECRETS)
        new = found.write(Wishes(rig="rig-1", **wishes))

        assert SECRET not in new.text
        assert SECRET not in repr(new)
        assert SECRET not in repr(found)

    def test_a_login_is_left_where_it_was(self) -> None:
        assert "--take-token" in told(WITH_SECRETS, Outcome.LEFT)["custom > globus.token"]


class TestReport:
    def test_every_setting_has_a_line(self) -> None:
        document = {
            **FIRST,
            "loglevel": "INFO",
            "display.width": 14,
            "connection.init_function": None,
            "history": [],
            "unheard_of": 1,
            "custom": {
                "ephys_data_paths": ["/data"],
                "globus.odd": 1,
                "ephys.database": "x",
                "new\nline": 1,
            },
        }
        keys = {each.key for each in imported(document).report}

        top = {name for name in document if name != "custom"}
        custom = {f"custom > {name}" for name in document["custom"]}
        assert (top | custom) - keys == set()

    @pytest.mark.parametrize(
        "text", ["", "[]", "5", '{"a": }', "[" * 100_000, '{"a": ' + "9" * 5000 + "}", "nul\0"]
    )
    def test_what_is_no_old_configuration_is_refused_without_being_quoted(self, text: str) -> None:
        with pytest.raises(ConfigurationError, match="Nothing was written") as caught:
            read_document(text)
        assert "999" not in str(caught.value)

    def test_a_byte_order_mark_is_no_mistake(self) -> None:
        assert read_document('\ufeff{"a": 1}') == {"a": 1}

    def test_odd_kinds_of_values_are_told_and_do_no_harm(self) -> None:
        for value in (None, 5, True, [], {}, [[]], {"raw-ephys": 5}, "x"):
            document = {
                "custom": {"globus.local_endpoints": value, "globus.storage_locations": value}
            }
            assert imported(document).text.startswith("; Made by")
        assert "is no object" in told({"custom": 5}, Outcome.LEFT)["custom"]


class TestRigName:
    @pytest.mark.parametrize(
        ("host", "name"),
        [
            ("ephys-rig-1", "ephys-rig-1"),
            ("ephys1.lab.org", "ephys1"),
            ("Ephys Rig (1)", "Ephys-Rig-1"),
            ("192.168.0.5", "192.168.0.5"),
            ("__", "rig-1"),
            ("", "rig-1"),
            ("x" * 80, "x" * 64),
        ],
    )
    def test_it_resembles_the_machines(self, host: str, name: str) -> None:
        assert rig_name(host) == name

    @given(st.text(max_size=80))
    def test_it_is_always_valid(self, host: str) -> None:
        assert read_name(rig_name(host))


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
UUIDS = st.sampled_from([RIG, PETREL, "petrel#map", "", "nonsense"]) | SCALARS
FOLDERS = (
    st.sampled_from(
        ["/data/raw", "/data/raw/", "C:\\d", "C:/d/", "raw", "/data/raw/in", "/a ;b", "~"]
    )
    | SCALARS
)
INSIDE = st.sampled_from(["map/raw", "/map/raw/", "map\\raw", "/", "", "..", "/a #b"]) | SCALARS
ALIASES = st.sampled_from(["raw-ephys", "raw-video", "scratch", "a b", ""]) | st.text(max_size=8)
PLACES = st.fixed_dictionaries(
    {}, optional={"endpoint": UUIDS, "endpoint_subdir": INSIDE, "endpoint_path": FOLDERS}
)
CUSTOM = st.fixed_dictionaries(
    {},
    optional={
        "globus.local_endpoints": st.dictionaries(ALIASES, PLACES | SCALARS, max_size=3) | SCALARS,
        "globus.storage_locations": st.lists(
            st.tuples(ALIASES, UUIDS, INSIDE).map(list) | SCALARS, max_size=3
        )
        | SCALARS,
        "globus.token": SCALARS,
        "lab.database": SCALARS | st.sampled_from(["map_v2_lab", "x_lab"]),
        "globus.local_endpoint_subdir": INSIDE,
    },
)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "globus.local_endpoint": UUIDS,
        "globus.local_endpoint_subdir": INSIDE,
        "globus.local_endpoint_local_path": FOLDERS,
        "database.host": st.sampled_from(["db", "db:3", "::1", "d b"]) | SCALARS,
        "database.user": SCALARS,
        "database.port": st.integers() | SCALARS,
        "database.password": SCALARS,
        "database.use_tls": SCALARS,
        "custom": CUSTOM | SCALARS,
    },
)


@given(DOCUMENTS)
def test_the_new_configuration_loads_or_every_reason_is_told(document: dict[str, Any]) -> None:
    found = imported(document)
    mistakes = config.mistakes(found.text, {"HOME": "/home/ada"})

    left = [each for each in found.report if each.outcome is Outcome.LEFT]
    # Only what is missing, or what only the whole shows, is left for a person; every such thing has its cause
    # in the old file, and no value that was written is refused.
    for mistake in mistakes:
        missing = not mistake.value
        apart = "apart" in mistake.expected or "outside of" in mistake.expected
        assert missing or apart, mistake
        assert apart or left, mistake
    assert all(each.what for each in found.report)


@given(DOCUMENTS)
def test_nothing_of_the_old_file_passes_in_silence(document: dict[str, Any]) -> None:
    keys = " ".join(each.key for each in imported(document).report)

    for name, value in document.items():
        if name != "custom" and value not in (None, "") and not str(value).isspace():
            assert name in keys
