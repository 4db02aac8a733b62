"""The configuration is found where it was promised to be, and what cannot be read is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from platformdirs import user_config_path, user_state_path

from archived import config
from archived.config import finding, user_folders
from archived.errors import ConfigurationError


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """A machine on which only our own folders count."""
    here, user, site = (tmp_path / each for each in ("here", "user/archived", "etc/archived"))
    for folder in (here, user, site):
        folder.mkdir(parents=True)
    monkeypatch.chdir(here)
    monkeypatch.setattr(finding, "config_folder", lambda: user)
    monkeypatch.setattr(finding, "_site", lambda: site / "archived.ini")
    return {"here": here, "user": user, "site": site}


def put(folder: Path) -> Path:
    file = folder / "archived.ini"
    file.write_text("")
    return file


def test_what_a_person_names_comes_first(places: dict[str, Path], tmp_path: Path) -> None:
    put(places["here"])
    named, from_environment = tmp_path / "a.ini", tmp_path / "b.ini"
    named.write_text("")
    from_environment.write_text("")
    environ = {"ARCHIVED_CONFIG": str(from_environment)}
    assert config.find(str(named), environ) == named
    assert config.find(None, environ) == from_environment


def test_then_the_folder_one_is_in_then_the_users_then_the_machines(
    places: dict[str, Path],
) -> None:
    site = put(places["site"])
    assert config.find(None, {}) == site
    user = put(places["user"])
    assert config.find(None, {}) == user
    here = put(places["here"])
    assert config.find(None, {}) == here


def test_without_any_the_message_tells_where_it_looked(places: dict[str, Path]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        config.find(None, {})
    for folder in places.values():
        assert str(folder / "archived.ini") in str(caught.value)
    assert "$ARCHIVED_CONFIG" in str(caught.value)
    assert "\n" not in str(caught.value)  # a line of `archivedctl check`'s table
    assert "archived.ini.example" in caught.value.what_to_do


def test_a_named_file_that_is_missing_is_not_replaced_by_another(
    places: dict[str, Path], tmp_path: Path
) -> None:
    put(places["here"])
    missing = str(tmp_path / "missing.ini")
    with pytest.raises(ConfigurationError, match="which -c names"):
        config.find(missing, {})
    with pytest.raises(ConfigurationError, match=r"which \$ARCHIVED_CONFIG names"):
        config.find(None, {"ARCHIVED_CONFIG": missing})


def test_a_relative_name_is_made_absolute(places: dict[str, Path]) -> None:
    file = put(places["here"])
    found = config.find("archived.ini", {})
    assert found.is_absolute()
    assert found == file


def test_the_machines_configuration_lies_where_services_have_theirs() -> None:
    assert Path("/etc/archived/archived.ini") == finding.SITE
    assert finding._site().name == "archived.ini"
    assert finding._site().is_absolute()


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "archived.ini"
    file.write_text("[archived]", encoding="utf-16")
    with pytest.raises(ConfigurationError, match="not text in UTF-8") as caught:
        config.load(file, {})
    assert "Save it as UTF-8" in caught.value.what_to_do


def test_a_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    file = tmp_path / "archived.ini"
    file.write_text("[archived]\nrig = x\n", encoding="utf-8-sig")
    with pytest.raises(ConfigurationError) as caught:
        config.load(file, {})
    assert "line 1" not in str(caught.value)


def test_a_file_that_is_a_folder_or_missing_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ConfigurationError, match="cannot be read"):
            config.load(path, {})


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "archived.ini"
    file.write_bytes(b"; " + b"x" * 2_000_000)
    with pytest.raises(ConfigurationError, match="more than 256 kB"):
        config.load(file, {})


def test_a_users_own_folders_are_those_that_the_library_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for given in ("", "not/absolute", str(tmp_path)):
        monkeypatch.setenv("XDG_CONFIG_HOME", given)
        monkeypatch.setenv("XDG_STATE_HOME", given)
        assert user_folders.config_folder() == user_config_path("archived", appauthor=False)
        assert user_folders.state_folder() == user_state_path("archived", appauthor=False)
