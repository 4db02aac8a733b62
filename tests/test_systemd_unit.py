"""What is installed for systemd is what systemd understands, and fits the program."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from archived.__main__ import NEEDS_A_PERSON
from archived.config.assembling import SITE, SITE_STATE, state_folder
from archived.config.secrets import CLIENT_SECRET
from archived.errors import ConfigurationError
from archived.logs import MESSAGE_IDS

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "packaging" / "systemd"
UNIT = (FOLDER / "archived.service").read_text()
UNIT_FILES = [
    "archived.service",
    "archived@.service",
    "archived-failed@.service",
    "archived-metrics.service",
    "archived-web.service",
    "rig.conf.example",
]
OF_AN_INSTANCE = {
    "of this rig": "of this rig: %i",
    "archived.ini": "%i.ini",
    "StateDirectory=archived": "StateDirectory=archived/%i",
    "/etc/archived/globus": "/etc/archived/%i.globus",
}
"""What is different in the unit for one of several configurations."""
SYSTEMD_ANALYZE = shutil.which("systemd-analyze")


def settings(section: str) -> dict[str, list[str]]:
    """The settings of one section of the unit; a setting may stand several times."""
    found: dict[str, list[str]] = {}
    for line in UNIT.partition(f"[{section}]\n")[2].partition("\n[")[0].splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def catalog() -> dict[str, str]:
    """The entries of the catalogue by their ids."""
    entries = (FOLDER / "archived.catalog").read_text().split("\n-- ")[1:]
    return {entry.split("\n", 1)[0]: entry.split("\n", 1)[1] for entry in entries}


def logged_fields() -> dict[str, list[set[str]]]:
    """For each event that the program logs by name: the fields that each place gives it."""
    found: dict[str, list[set[str]]] = {}
    for file in sorted((ROOT / "archived").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args
            ):
                continue
            event = node.args[0]
            named = isinstance(event, ast.Constant) and event.value in MESSAGE_IDS
            if named and node.func.attr in ("debug", "info", "warning", "error"):
                fields = {keyword.arg or "**" for keyword in node.keywords}
                found.setdefault(event.value, []).append(fields)  # type: ignore[union-attr]
    return found


@pytest.mark.parametrize("name", UNIT_FILES)
def test_no_comment_stands_after_a_value_as_it_would_become_part_of_it(name: str) -> None:
    lines = [line for line in (FOLDER / name).read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if "#" in line or ";" in line] == []


def test_nothing_but_filters_is_said_twice() -> None:
    counts = Counter(key for part in ("Unit", "Service", "Install") for key in settings(part))
    said = {
        key for part in ("Service",) for key, values in settings(part).items() if len(values) > 1
    }
    assert said == {"SystemCallFilter"}
    assert set(counts.values()) == {1}


def test_the_unit_and_the_program_mean_the_same_places() -> None:
    service = settings("Service")
    assert service["ExecStart"] == [f"/opt/archived/bin/archived -c {SITE}"]
    assert f"/var/lib/{service['StateDirectory'][0]}" == SITE_STATE
    assert service["LoadCredential"] == [
        f"{CLIENT_SECRET.credential}:{SITE.parent / CLIENT_SECRET.credential}"
    ]
    assert service["SetCredential"] == [rf"{CLIENT_SECRET.credential}:\n"]


def test_an_instance_is_the_same_service_with_places_of_its_own() -> None:
    text = UNIT
    for ours, theirs in OF_AN_INSTANCE.items():
        assert text.count(f"{ours}\n") + text.count(f"{ours}-") == 1, ours
        text = text.replace(f"{ours}\n", f"{theirs}\n").replace(f"{ours}-", f"{theirs}-")
    assert (FOLDER / "archived@.service").read_text() == text
    own = str(state_folder(str(SITE.with_name("left.ini")), {}))
    assert own == f"{SITE_STATE}/left"
    assert str(state_folder(str(SITE), {})) == SITE_STATE


def test_the_unit_tells_how_to_reload_and_when_not_to_start_again() -> None:
    service = settings("Service")
    assert service["Type"] == ["notify"]
    assert service["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert service["RestartPreventExitStatus"] == [
        f"{NEEDS_A_PERSON} {ConfigurationError.exit_code}"
    ]
    assert service["UMask"] == ["0077"]


def test_a_path_with_a_line_of_its_own_is_read_only_by_a_line_of_its_own() -> None:
    # systemd leaves a path that NoExecPaths= names out of what ProtectSystem=strict makes read-only.
    lines = (FOLDER / "rig.conf.example").read_text().splitlines()
    values = {line.partition("=")[0]: line.partition("=")[2] for line in lines if "=" in line}
    assert values["ReadOnlyPaths"] == values["NoExecPaths"] == values["RequiresMountsFor"]
    assert "NoExecPaths" not in settings("Service")


def test_every_event_with_an_id_is_explained_and_no_other() -> None:
    assert set(catalog()) == set(MESSAGE_IDS.values())


def test_every_explanation_has_a_subject_and_says_something() -> None:
    for entry in catalog().values():
        header, _, text = entry.partition("\n\n")
        assert header.startswith("Subject: ")
        assert "Defined-By: archived" in header
        assert len(text.split()) > 5


def test_every_explanation_speaks_of_fields_that_the_event_has() -> None:
    events = logged_fields()
    assert set(events) == set(MESSAGE_IDS)
    for event, places in events.items():
        wanted = {
            name.lower() for name in re.findall(r"@ARCHIVED_(\w+)@", catalog()[MESSAGE_IDS[event]])
        }
        for fields in places:
            assert "**" in fields or wanted <= fields, event


def test_the_user_the_folders_and_the_secret_go_together() -> None:
    users = (FOLDER / "archived.sysusers.conf").read_text()
    folders = (FOLDER / "archived.tmpfiles.conf").read_text()
    user = settings("Service")["User"][0]
    assert re.search(rf"^u {user} - ", users, re.MULTILINE)
    assert f"z {SITE.parent / CLIENT_SECRET.credential} 0600 {user} {user} -" in folders
    assert f"d {SITE_STATE} 0700 {user} {user} -" in folders


def test_the_page_names_only_files_that_are_there_and_the_right_id() -> None:
    page = (FOLDER / "README.md").read_text()
    for name in re.findall(r"install .*?(\S+\.(?:conf|service|catalog|example)) ", page):
        own = Path(name).name
        assert list(FOLDER.glob(own)) or (ROOT / own).exists(), name
    assert f"MESSAGE_ID={MESSAGE_IDS['dataset needs a person']}" in page


if SYSTEMD_ANALYZE:

    def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        environ = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "SYSTEMD_COLORS": "0"}
        return subprocess.run(
            [str(SYSTEMD_ANALYZE), *map(str, arguments)],
            capture_output=True,
            text=True,
            env=environ,
            timeout=50,
            check=False,
        )

    @pytest.fixture
    def unit(tmp_path: Path) -> Path:
        """The unit with a program that exists on every machine, and the rig's drop-in."""
        return given(tmp_path, "archived.service")

    def given(tmp_path: Path, name: str) -> Path:
        program = shutil.which("true")
        assert program is not None
        file = tmp_path / name
        text = (FOLDER / name).read_text()
        file.write_text(re.sub("/opt/archived/bin/archived(ctl)?", program, text))
        (tmp_path / f"{name}.d").mkdir()
        shutil.copy(FOLDER / "rig.conf.example", tmp_path / f"{name}.d" / "rig.conf")
        return file

    @pytest.mark.parametrize("name", UNIT_FILES[:-1])
    def test_systemd_understands_every_line(tmp_path: Path, name: str) -> None:
        file = given(tmp_path, name)
        done = analyze("verify", "--man=no", file.with_name(name.replace("@.", "@left.")))
        about_us = [line for line in done.stderr.splitlines() if "archived" in line]
        assert (done.returncode, about_us) == (0, [])

    def test_systemd_would_tell_a_wrong_line(unit: Path) -> None:
        unit.write_text(UNIT.replace("UMask=0077", "UMask=0077 # strict"))
        assert "Failed to parse mode" in analyze("verify", "--man=no", unit).stderr

    @pytest.mark.parametrize(
        ("name", "exposure"),
        [("archived.service", 12), ("archived-metrics.service", 10), ("archived-web.service", 10)],
    )
    def test_the_service_is_locked_up_well(tmp_path: Path, name: str, exposure: int) -> None:
        file = given(tmp_path, name)
        done = analyze("security", "--offline=true", f"--threshold={exposure}", file)
        assert done.returncode == 0, done.stdout[-500:]

    def test_a_careless_unit_would_not_pass(unit: Path) -> None:
        unit.write_text("[Service]\nExecStart=/bin/true\nUser=archived\n")
        assert analyze("security", "--offline=true", "--threshold=15", unit).returncode != 0
