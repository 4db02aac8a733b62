"""From the rig to the archive and back to an analyst, by installed programs: subjects, discover, retrieve, Python."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from archived.simulator import running
from demo import rig as programs
from tests.acceptance.conftest import (
    ARCHIVE_COLLECTION,
    RIG_COLLECTION,
    TestRig,
    content,
)

pytestmark = pytest.mark.timeout(240)

ANALYSIS_COLLECTION = "7a1cbd3e-5b9b-4f39-8f0e-2f4f4b0c9a11"
SUBJECTS = "subject_id,h2o,date_of_birth\n407513,SC011,2018-11-02\n407514,SC012,2018-11-02\n"


class Lab:
    """A rig that records, an archive, and the machine of an analyst who sees only the archive."""

    def __init__(self, rig: TestRig, analyst: TestRig, *, globus: bool) -> None:
        self.rig, self.analyst, self.globus = rig, analyst, globus
        self.subjects = analyst.base / "subjects.csv"
        self.subjects.write_text(SUBJECTS)

    def record(self) -> None:
        """Two animals, each with electrophysiology and a video."""
        written = []
        for seed, h2o in enumerate(("SC011", "SC012")):
            run, animal = f"{h2o}_022319_g0", self.rig.root / h2o
            video = animal / "02232019" / "video"
            written += [
                programs.catgt(animal / f"catgt_{run}", run, probes=1, blocks=4, seed=seed),
                programs.tracking_video(video, h2o, "side", trials=2, seed=seed + 10),
            ]
        for _ in itertools.zip_longest(*written):
            pass

    def archive_everything(self) -> None:
        """Run the daemon of the rig until it has nothing left to do."""
        self.record()
        assert self.rig.start("--until-idle").wait(120) == 0, self.rig.log()

    def in_archive(self, h2o: str) -> dict[str, str]:
        """The files of an animal, by their path from the root of their location, with their content."""
        return {
            path.relative_to(self.rig.archive).as_posix().partition("/")[2]: content(path)
            for path in self.rig.archive.glob(f"*/{h2o}/**/*")
            if path.is_file()
        }

    def brought(self) -> dict[str, str]:
        """What lies in the analyst's folder."""
        root = self.analyst.root
        return {
            path.relative_to(root).as_posix(): content(path)
            for path in root.rglob("*")
            if path.is_file()
        }

    def python(self, code: str) -> str:
        """What a program of the analyst prints."""
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            env={
                **self.analyst.environment,
                "ARCHIVED_CONFIG": str(self.analyst.configuration),
            },
            cwd=self.analyst.base,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(params=["directory", "globus"])
def lab(request: pytest.FixtureRequest, tmp_path: Path, installed: Path) -> Iterator[Lab]:
    """A lab whose archive is a directory that both machines mount, and one with three Globus collections."""
    rig = TestRig(tmp_path / "recording", installed)
    analyst = TestRig(tmp_path / "analysis", installed)
    try:
        if request.param == "directory":
            for each in (rig, analyst):
                each.configure(f"{rig.archive}/ephys", f"{rig.archive}/video", "writable = yes\n")
            yield Lab(rig, analyst, globus=False)
            return
        collections = {
            RIG_COLLECTION: rig.base,
            ARCHIVE_COLLECTION: rig.archive,
            ANALYSIS_COLLECTION: analyst.base,
        }
        with running(collections) as globus:
            rig.globus = globus
            for each, collection, writable in (
                (rig, RIG_COLLECTION, "no"),
                (analyst, ANALYSIS_COLLECTION, "yes"),
            ):
                each.environment.update(globus.environment)
                each.environment["ARCHIVED_GLOBUS_CLIENT_SECRET"] = globus.client_secret
                each.environment["ARCHIVED_ARCHIVED_SPOOL"] = str(each.base / "spool")
                each.configure(
                    f"{ARCHIVE_COLLECTION}:/ephys",
                    f"{ARCHIVE_COLLECTION}:/video",
                    f"local_endpoint = {collection}\nlocal_endpoint_subdir = rig\n"
                    f"writable = {writable}\nclient_id = {globus.client_id}\n",
                )
            yield Lab(rig, analyst, globus=True)
    finally:
        rig.end()
        analyst.end()


def catalogue(machine: TestRig) -> dict[str, dict[str, object]]:
    """What a machine knows of each dataset, without what only the rig can know."""
    ours = ("convention", "h2o", "date", "ident", "state", "files", "bytes", "revision")
    found = {}
    for dataset in machine.json("list"):
        files = machine.json("show", dataset["name"])["files"]
        found[dataset["name"]] = {
            **{key: dataset[key] for key in ours},
            "of": sorted((each["path"], each["file_type"], each["size"]) for each in files),
        }
    return found


def test_a_lost_store_is_rebuilt_from_the_archive_and_nothing_travels_again(lab: Lab) -> None:
    lab.archive_everything()
    before = catalogue(lab.rig)
    travelled = len(lab.rig.globus.tasks()) if lab.rig.globus else 0
    for file in (lab.rig.base / "state").glob("archived.db*"):
        file.unlink()

    found = json.loads(lab.rig.control("discover", "--json"))

    assert all(each["complete"] for each in found["discoveries"])
    assert catalogue(lab.rig) == before
    there = {path: content(path) for path in lab.rig.archive.rglob("*") if path.is_file()}
    assert lab.rig.start("--until-idle").wait(120) == 0, lab.rig.log()
    assert catalogue(lab.rig) == before
    if lab.rig.globus is not None:
        data = [task for task in lab.rig.globus.tasks()[travelled:] if data_of(task)]
        assert data == []
    records_aside = {path: text for path, text in there.items() if ".archived" not in path.parts}
    assert records_aside == {path: content(path) for path in records_aside}


def data_of(task: dict[str, object]) -> list[object]:
    """The items of a transfer that are no records."""
    items = task["items"]
    assert isinstance(items, list)
    return [each for each in items if ".archived" not in str(each["destination_path"])]


def test_an_analyst_gets_everything_of_a_subject_and_only_that(lab: Lab) -> None:
    lab.archive_everything()
    analyst = lab.analyst
    analyst.control("discover")
    analyst.control("subjects", "import", str(lab.subjects))

    planned = json.loads(analyst.control("retrieve", "--subject", "407513", "--dry-run", "--json"))
    assert planned["files"] == len(lab.in_archive("SC011"))
    assert lab.brought() == {}

    analyst.control("retrieve", "--subject", "407513", "--yes")

    assert lab.brought() == lab.in_archive("SC011")
    assert lab.in_archive("SC011")


def test_what_lies_there_already_and_differs_is_left_as_it_is(lab: Lab) -> None:
    lab.archive_everything()
    lab.analyst.control("discover")
    ours = lab.analyst.root / "SC011" / "02232019" / "video" / "SC011_side_001-0000.avi"
    ours.parent.mkdir(parents=True)
    ours.write_bytes(b"edited by hand")

    said = lab.analyst.control("retrieve", "--h2o", "SC011", "--yes", expect=3)

    assert ours.name in said
    expected = {
        **lab.in_archive("SC011"),
        ours.relative_to(lab.analyst.root).as_posix(): content(ours),
    }
    assert ours.read_bytes() == b"edited by hand"
    assert lab.brought() == expected


def test_the_rig_itself_refuses_to_be_written_to(lab: Lab) -> None:
    lab.archive_everything()
    before = {path: content(path) for path in lab.rig.root.rglob("*") if path.is_file()}
    gone = next(iter(before))
    gone.unlink()

    lab.rig.control("retrieve", "--all", "--yes", expect=1)

    assert {path: content(path) for path in lab.rig.root.rglob("*") if path.is_file()} == {
        path: text for path, text in before.items() if path != gone
    }


def test_a_retrieve_that_is_killed_goes_on(lab: Lab) -> None:
    lab.archive_everything()
    analyst = lab.analyst
    analyst.control("discover")
    words = [sys.executable, "-m", "archived.cli", "-c", str(analyst.configuration)]
    pause = threading.Event()
    for _ in range(6):
        process = subprocess.Popen(
            [*words, "retrieve", "--all", "--yes"],
            env=analyst.environment,
            cwd=analyst.base,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        analyst.processes.append(process)
        pause.wait(0.9)
        process.send_signal(signal.SIGKILL)
        process.wait(10)

    analyst.control("retrieve", "--all", "--yes")

    assert lab.brought() == {**lab.in_archive("SC011"), **lab.in_archive("SC012")}


def test_a_notebook_asks_the_catalogue_and_brings_files_back(lab: Lab) -> None:
    lab.archive_everything()
    lab.analyst.control("discover")
    lab.analyst.control("subjects", "import", str(lab.subjects))

    printed = lab.python(
        """
        from archived import Archive

        archive = Archive()
        query = archive.raw_ephys & {'subject_id': 407513} & 'session_date > "2019-02-01"'
        for row in query.fetch(as_dict=True):
            print(row["subject_id"], row["session_date"], row["globus_alias"])
        print(len(query.files))
        query.retrieve()
        """
    )

    lines = printed.splitlines()
    assert lines[0] == "407513 2019-02-23 raw-ephys"
    ephys = {path: text for path, text in lab.in_archive("SC011").items() if "catgt_" in path}
    assert str(len(ephys)) in lines
    assert lab.brought() == ephys


def test_the_archive_explains_itself_to_sha256sum(lab: Lab) -> None:
    lab.record()
    lab.rig.start()
    lab.rig.wait_until_archived(4, within=120)
    manifests = lab.rig.archive.glob("*/.archived/v1/**/manifest-sha256.txt")
    lab.rig.wait_for("four manifests", lambda: len(list(manifests_of(lab))) == 4, within=120)

    for manifest in manifests:
        location = manifest.relative_to(lab.rig.archive).parts[0]
        done = subprocess.run(
            ["sha256sum", "--check", "--strict", manifest],
            cwd=lab.rig.archive / location,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def manifests_of(lab: Lab) -> Iterator[Path]:
    """The manifests that reached the archive."""
    return lab.rig.archive.glob("*/.archived/v1/**/manifest-sha256.txt")
