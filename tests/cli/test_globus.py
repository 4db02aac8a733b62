"""`login`, `logout`, `whoami` and `check` against the simulated Globus, over real HTTP."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

from archived.simulator import running
from tests.cli.contract import fits
from tests.cli.globus import ARCHIVE_COLLECTION, RIG_COLLECTION, GlobusRig
from tests.cli.rigs import CliRig


@pytest.fixture(params=[()], ids=["personal"])
def globus(
    rig: CliRig, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[GlobusRig]:
    """A Globus in which both folders are collections; those in the parameter want a consent."""
    folders = {
        RIG_COLLECTION: rig.root,
        ARCHIVE_COLLECTION: rig.base / "archive" / "ephys",
    }
    (rig.root / "SC011").mkdir()
    with running(folders, mapped=request.param) as simulated:
        made = GlobusRig(rig, simulated)
        for name, value in made.variables.items():
            monkeypatch.setenv(name, value)
        yield made


wants_consent = pytest.mark.parametrize(
    "globus", [(ARCHIVE_COLLECTION,)], indirect=True, ids=["mapped"]
)


def log_in(globus: GlobusRig, *options: str) -> tuple[int, str, str, int]:
    """Type `login` and do what it says; returns the exit code, both outputs, and how often it asked."""
    process = subprocess.Popen(
        [*globus.rig.program, "login", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=globus.environment,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    said, asked = "", 0
    for line in process.stderr:
        said += line
        if line.strip().startswith("http"):
            asked += 1
            process.stdin.write(globus.globus.approve(line.strip()) + "\n")
            process.stdin.flush()
    shown = process.stdout.read()
    process.stdin.close()
    process.stdout.close()
    process.stderr.close()
    return process.wait(20), shown, said, asked


class TestPerson:
    def test_login_whoami_logout(self, globus: GlobusRig) -> None:
        globus.as_person()
        assert globus.rig.type("whoami").exit_code == 4

        code, shown, said, asked = log_in(globus)

        assert (code, asked) == (0, 1), said
        assert shown.startswith("Logged in as ")
        view = globus.rig.json("whoami")
        fits(view, "identity")
        assert view["kind"] == "person"
        assert view["username"] in shown
        assert view["username"] in globus.rig.said("whoami")

        out = globus.rig.json("logout")
        fits(out, "logout")
        assert out == {"logged_out": True}
        assert globus.rig.said("logout") == "Nobody was logged in.\n"
        fits(globus.rig.json("whoami", code=4), "error")

    @wants_consent
    def test_a_consent_that_is_missing_is_asked_for_at_once(self, globus: GlobusRig) -> None:
        globus.as_person()

        code, shown, said, asked = log_in(globus, "--json")

        assert (code, asked) == (0, 2), said
        assert "one more consent" in said
        fits(json.loads(shown), "identity")
        assert globus.rig.type("check").exit_code == 0

    @wants_consent
    def test_a_collection_that_is_named_is_asked_for_the_first_time(
        self, globus: GlobusRig
    ) -> None:
        globus.as_person()

        code, _, said, asked = log_in(globus, "--collection", ARCHIVE_COLLECTION)

        assert (code, asked) == (0, 1), said

    def test_a_wrong_code_is_a_failed_login(self, globus: GlobusRig) -> None:
        globus.as_person()

        result = globus.rig.type("login", typed="nonsense\n")

        assert result.exit_code == 4
        assert "archivedctl login" in result.stderr
        assert globus.rig.type("whoami").exit_code == 4

    def test_without_an_answer_nothing_is_changed(self, globus: GlobusRig) -> None:
        globus.as_person()

        result = globus.rig.type("login")

        assert result.exit_code == 1
        assert "nothing was changed" in result.stderr

    def test_check_says_that_nobody_is_logged_in(self, globus: GlobusRig) -> None:
        globus.as_person()

        view = globus.rig.json("check", code=4)

        fits(view, "check")
        [failure] = [each for each in view["findings"] if each["level"] == "fail"]
        assert failure["area"] == "login"
        assert "archivedctl login" in failure["what_to_do"]

    def test_a_login_that_others_can_read_is_not_used(self, globus: GlobusRig) -> None:
        globus.as_person()
        log_in(globus)
        (globus.rig.base / "state" / "tokens.json").chmod(0o644)

        result = globus.rig.type("check")

        assert result.exit_code == 4
        assert "chmod 600" in result.stdout


class TestServiceAccount:
    def test_nobody_has_to_log_in(self, globus: GlobusRig) -> None:
        globus.as_service()

        result = globus.rig.type("login", "--json")

        assert result.exit_code == 0
        assert "service account" in result.stderr
        fits(json.loads(result.stdout), "identity")
        assert globus.rig.json("whoami")["username"].startswith(globus.globus.client_id)

    def test_check_finds_everything_in_order(self, globus: GlobusRig) -> None:
        globus.as_service()

        view = globus.rig.json("check")

        fits(view, "check")
        assert view["ok"] is True
        areas = {each["area"] for each in view["findings"] if each["level"] == "ok"}
        assert areas >= {"configuration", "secret", "root", "login", "raw-ephys"}

    def test_a_secret_that_globus_refuses_is_a_matter_of_the_login(self, globus: GlobusRig) -> None:
        globus.as_service("not-its-secret")

        result = globus.rig.type("check")

        assert result.exit_code == 4
        assert "not-its-secret" not in result.stdout + result.stderr

    def test_a_secret_that_others_can_read_is_a_matter_of_the_configuration(
        self, globus: GlobusRig
    ) -> None:
        globus.as_service()
        (globus.rig.base / "state" / "secret").chmod(0o644)

        view = globus.rig.json("check", code=78)

        fits(view, "check")
        assert "chmod 600" in json.dumps(view)
        assert globus.globus.client_secret not in json.dumps(view)

    def test_a_collection_that_is_not_there_needs_a_person(self, globus: GlobusRig) -> None:
        globus.as_service()
        text = globus.rig.configuration.read_text()
        globus.rig.configuration.write_text(
            text.replace(ARCHIVE_COLLECTION, "00000000-0000-4000-8000-000000000000")
        )

        view = globus.rig.json("check", code=3)

        fits(view, "check")
        assert "raw-ephys" in {each["area"] for each in view["findings"] if each["what_to_do"]}

    def test_globus_that_is_away_is_no_traceback(self, globus: GlobusRig) -> None:
        globus.as_service()
        globus.globus.go_away()

        result = globus.rig.type("check")

        assert result.exit_code == 3
        assert "cannot be reached" in result.stdout
        assert globus.rig.type("check", "--offline").exit_code == 0


def test_without_a_client_id_it_is_said_where_to_get_one(rig: CliRig) -> None:
    for words in (["whoami"], ["login"], ["logout"]):
        result = rig.type(*words)

        assert result.exit_code == 4
        assert "app.globus.org" in result.stderr
