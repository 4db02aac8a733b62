"""The package: what is in it, and what it does to a machine when it comes, is upgraded, and goes."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from archived import __version__
from demo import rig as programs
from tests.booted.box import Box
from tests.booted.conftest import (
    DROP_IN,
    REPOSITORY,
    SETTINGS,
    Machine,
    Package,
    configure,
    folders,
)

pytestmark = pytest.mark.timeout(240)

UNITS = sorted(each.name for each in (REPOSITORY / "packaging" / "systemd").glob("*.service"))
PACKAGES = "/usr/share/doc/archived/versions.txt"


@pytest.fixture
def bare(package: Package, tmp_path: Path) -> Iterator[Machine]:
    """A machine that has never seen the package, which lies in /package."""
    binds = {**folders(tmp_path), package.folder: "/package"}
    box = Box(binds)
    try:
        yield Machine(box, tmp_path)
    finally:
        box.down()


def test_it_does_what_it_is_told_from_its_coming_to_its_going(
    bare: Machine, package: Package
) -> None:
    box = bare.box
    said = box.said("dpkg", "-i", f"/package/dist/{package.file.name}")
    assert "nothing runs yet" in said
    for unit in UNITS:
        name = unit.replace("@.", "@left.")
        assert box.shows(name, "LoadState") == "loaded"
        assert box.shows(name, "ActiveState") == "inactive"
        assert box.shows(name, "UnitFileState") != "enabled"
    assert box.type("test", "-e", "/etc/archived/archived.ini", check=False).returncode != 0
    box.type(
        "cmp", "/etc/archived/archived.ini.example", "/usr/share/doc/archived/archived.ini.example"
    )
    assert box.said("archivedctl", "--version").endswith(__version__)

    configure(box)
    box.type("systemctl", "enable", "--now", "archived")
    first = box.shows("archived.service", "MainPID")
    bare.record()
    bare.until_archived(1)

    said = box.said("dpkg", "-i", f"/package/{package.newer().name}")
    assert "nothing runs yet" not in said
    assert box.said("dpkg-query", "-Wf", "${Version}", "archived") == "99-1"
    assert box.shows("archived.service", "ActiveState") == "active"
    assert box.shows("archived.service", "MainPID") != first
    assert box.shows("archived-metrics.service", "ActiveState") == "inactive"
    bare.record("SC012")
    bare.until_archived(2)

    box.type("dpkg", "--remove", "archived")
    assert box.shows("archived.service", "ActiveState") == "inactive"
    assert box.type("test", "-e", "/opt/archived", check=False).returncode != 0
    assert box.said("cat", "/etc/archived/archived.ini") == SETTINGS.strip()
    box.type("test", "-s", "/var/lib/archived/archived.db")

    said = box.said("dpkg", "--purge", "archived")
    assert "/var/lib/archived stays as it is" in said
    assert "/etc/archived stays as it is" in said
    box.type("test", "-s", "/var/lib/archived/archived.db")
    assert box.said("ls", "/etc/archived") == "archived.ini"
    assert box.said("cat", "/etc/systemd/system/archived.service.d/rig.conf") == DROP_IN.strip()
    wanted = ("find", "/etc/systemd/system", "-name", "archived*.service")
    assert box.said(*wanted) == ""


def test_nothing_in_it_tells_where_it_was_made_and_all_of_it_is_owned_by_root(
    package: Package,
) -> None:
    ours = [str(each).encode() for each in (REPOSITORY, package.folder, Path(sys.prefix))]
    packed = subprocess.run(
        ["dpkg-deb", "--fsys-tarfile", package.file], check=True, capture_output=True
    )
    seen, times = {}, set()
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            text = content.read() if content else member.linkname.encode()
            assert not [each for each in ours if each in text], member.name
            assert (member.uid, member.gid, member.mode & 0o022) == (0, 0, 0), member.name
            seen[member.name.removeprefix(".")] = text
            times.add(member.mtime)

    assert len(times) == 1, "the same source makes the same package"
    assert {f"/usr/lib/systemd/system/{each}" for each in UNITS} <= seen.keys()
    assert seen["/opt/archived/bin/archived"].startswith(b"#!/opt/archived/bin/python\n")
    assert not [each for each in seen if each.startswith("/var/")]
    assert "/etc/archived/archived.ini" not in seen
    assert b"globus-sdk==4" in seen[PACKAGES]
    for place in ("bash-completion/completions/archivedctl", "zsh/vendor-completions/_archivedctl"):
        assert b"_ARCHIVEDCTL_COMPLETE" in seen[f"/usr/share/{place}"]


def test_the_bare_program_installs_with_pip_and_works_without_any_extra(
    package: Package, tmp_path: Path
) -> None:
    home = tmp_path / "plain"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    pip = [sys.executable, "-m", "pip", "--python", home / "bin" / "python", "-q"]
    subprocess.run([*pip, "install", "--no-compile", package.wheel], check=True)
    run = "SC011_022319_g0"
    for _ in programs.spikeglx(tmp_path / "data" / "SC011" / run, run, probes=1, blocks=1):
        pass
    (tmp_path / "archive").mkdir()
    (tmp_path / "archived.ini").write_text(
        f"[archived]\nrig = rig-1\nstore = {tmp_path}/archived.db\nquiet_time = 1s\nrecords = no\n"
        f"[globus]\nlocal_endpoint_local_path = {tmp_path}/data\n"
        f"[location:ephys]\narchive = {tmp_path}/archive\nconventions = spikeglx\n"
        "[transfer]\npoll = 200ms\n"
    )
    environment = {key: each for key, each in os.environ.items() if key != "ARCHIVED_CONFIG"}

    def types(*words: str, codes: tuple[int, ...] = (0,)) -> str:
        done = subprocess.run(
            [home / "bin" / words[0], *words[1:]],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in codes, done
        return done.stdout

    assert "Usage: archivedctl" in types("archivedctl", "--help")
    assert "usage: archived" in types("archived", "--help")
    # The doctor minds that the archive is on the disk of the recordings.
    assert "on the same disk" in types("archivedctl", "check", codes=(3,))
    types("archived", "--until-idle")
    assert "archived" in types("archivedctl", "list")
    assert len(list((tmp_path / "archive" / "SC011").rglob("*.*"))) > 0
