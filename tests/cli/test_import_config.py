"""`import-config`: what it writes, what it never writes over, and the secrets that it takes only on request."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from archived import config
from archived.config.importing import MAP_EPHYS_APPLICATION
from archived.simulator import running
from archived.transfer.adopting import adopt_login
from archived.transfer.globus_session import UNTOLD
from tests.cli.contract import fits
from tests.cli.globus import ARCHIVE_COLLECTION, RIG_COLLECTION, GlobusRig
from tests.cli.rigs import CliRig
from tests.cli.test_globus import log_in

SECRET = "kept-where-it-belongs-4711"


class Old:
    """An old file beside a rig, and what comes of importing it."""

    def __init__(self, rig: CliRig) -> None:
        self.rig = rig
        self.file = rig.base / "dj_local_conf.json"
        self.output = rig.base / "new" / "archived.ini"
        self.output.parent.mkdir()
        self.document: dict[str, Any] = {
            "database.host": "db.lab.org",
            "database.user": "ada",
            "database.password": SECRET,
            "globus.local_endpoint": RIG_COLLECTION,
            "globus.local_endpoint_subdir": "/",
            "globus.local_endpoint_local_path": str(rig.root),
            "custom": {"globus.storage_locations": [["raw-ephys", ARCHIVE_COLLECTION, "/"]]},
        }

    def type(self, *words: str, output: str | None = None) -> Result:
        """What comes of `archivedctl import-config FILE -o OUTPUT WORDS`."""
        self.file.write_text(json.dumps(self.document))
        target = output if output is not None else str(self.output)
        return self.rig.type_plainly("import-config", str(self.file), "-o", target, *words)

    def json(self, *words: str, code: int = 0, output: str | None = None) -> Any:
        """Its JSON."""
        result = self.type(*words, "--json", output=output)
        assert result.exit_code == code, (result.stdout, result.stderr)
        return json.loads(result.stdout)


@pytest.fixture
def old(rig: CliRig, monkeypatch: pytest.MonkeyPatch) -> Old:
    """The folder for state is one of the test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(rig.base / "state-home"))
    return Old(rig)


class TestWriting:
    def test_a_configuration_is_written_that_the_programs_load(self, old: Old) -> None:
        result = old.type("--rig", "rig-7")

        assert result.exit_code == 0, result.stderr
        found = config.load(old.output, {})
        assert (found.rig, found.globus.local_endpoint_local_path) == ("rig-7", str(old.rig.root))
        assert f"Written: {old.output}" in result.stdout
        assert f"archivedctl -c {old.output} check" in result.stdout

    def test_as_json_it_has_its_documented_shape(self, old: Old) -> None:
        told = old.json("--client-id", MAP_EPHYS_APPLICATION.upper())

        fits(told, "import-config")
        assert told["loads"]
        assert told["text"] == old.output.read_text()
        assert told["client_id"] == MAP_EPHYS_APPLICATION
        assert config.load(old.output, {}).globus.client_id == MAP_EPHYS_APPLICATION

    def test_the_rig_is_called_as_the_machine_unless_it_is_named(
        self, old: Old, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(socket, "gethostname", lambda: "Ephys Rig (1)")

        assert "\nrig = Ephys-Rig-1\n" in old.json()["text"]

    def test_a_dash_is_standard_output_and_writes_nothing(self, old: Old) -> None:
        result = old.type(output="-")

        assert result.exit_code == 0
        assert config.mistakes(result.stdout) == []
        assert "database.password" in result.stderr
        assert list(old.output.parent.iterdir()) == []
        told = old.json(output="-")
        fits(told, "import-config")
        assert (told["output"], told["text"]) == (None, result.stdout)

    def test_an_incomplete_one_is_written_and_says_what_is_needed(self, old: Old) -> None:
        del old.document["globus.local_endpoint"]

        told = old.json(code=3)

        fits(told, "import-config")
        assert not told["loads"]
        [needed] = [each["what"] for each in told["report"] if each["outcome"] == "needed"]
        assert needed.startswith("[globus] local_endpoint is missing")
        assert "It cannot be used yet" in old.type("--force").stdout

    def test_what_this_environment_overrides_is_no_matter(self, old: Old) -> None:
        old.rig.environ["ARCHIVED_TRANSFER_POLL"] = "often"

        assert old.json()["loads"]


class TestRefusals:
    def test_nothing_is_written_over_unless_that_is_said(self, old: Old) -> None:
        old.output.write_text("precious")

        result = old.type()

        assert result.exit_code == 78
        assert "--force" in result.stderr
        assert old.output.read_text() == "precious"
        assert old.type("--force").exit_code == 0
        assert old.output.read_text().startswith("; Made by")

    @pytest.mark.parametrize("link", [False, True], ids=["itself", "by a link"])
    def test_the_old_file_is_never_written_over(self, old: Old, link: bool) -> None:
        target = old.file
        if link:
            target = old.output
            target.symlink_to(old.file)

        result = old.type("--force", output=str(target))

        assert result.exit_code == 2
        assert json.loads(old.file.read_text()) == old.document

    def test_a_link_that_leads_nowhere_is_in_the_way_too(self, old: Old) -> None:
        old.output.symlink_to(old.rig.base / "nowhere")

        assert old.type().exit_code == 78
        assert not (old.rig.base / "nowhere").exists()

    def test_a_password_file_that_is_there_is_left_and_nothing_is_written(self, old: Old) -> None:
        password = old.output.parent / "password"
        password.write_text("precious")

        assert old.type("--password-file", str(password)).exit_code == 78
        assert password.read_text() == "precious"
        assert not old.output.exists()

    @pytest.mark.parametrize(
        "words",
        [
            ["--rig", "no name"],
            ["--client-id", "nonsense"],
            ["-o", "-", "--take-token"],
            ["-o", "/x", "--password-file", "/x"],
        ],
        ids=" ".join,
    )
    def test_what_cannot_be_meant_is_a_wrong_use(self, old: Old, words: list[str]) -> None:
        result = old.type(*words)

        assert result.exit_code == 2
        assert not old.output.exists()

    @pytest.mark.parametrize(
        "content",
        [None, b"{", b"\xff\xfe", b" " * 10_000_001],
        ids=["none", "cut", "bytes", "huge"],
    )
    def test_a_file_that_is_none_is_told_of(self, old: Old, content: bytes | None) -> None:
        if content is not None:
            old.file.write_bytes(content)

        result = old.rig.type_plainly("import-config", str(old.file), "-o", str(old.output))

        assert result.exit_code == 78
        assert not old.output.exists()

    def test_a_place_that_cannot_be_written_is_told_of(self, old: Old) -> None:
        result = old.type(output=str(old.rig.base / "no such folder" / "archived.ini"))

        assert result.exit_code == 78
        assert "could not be written" in result.stderr


class TestPassword:
    def test_it_is_written_on_request_for_its_owner_alone(self, old: Old) -> None:
        password = old.output.parent / "password"

        told = old.json("--password-file", str(password))

        fits(told, "import-config")
        assert password.read_text() == f"{SECRET}\n"
        assert password.stat().st_mode & 0o777 == 0o600
        assert SECRET not in json.dumps(told)
        found = config.load(old.output, {})
        assert found.datajoint.password_file == password
        assert found.subjects.datajoint

    def test_it_is_not_written_where_the_configuration_cannot_be(self, old: Old) -> None:
        password = old.rig.base / "password"
        nowhere = str(old.rig.base / "no such folder" / "archived.ini")

        result = old.type("--password-file", str(password), output=nowhere)

        assert result.exit_code == 78
        assert "there is no folder" in result.stderr
        assert not password.exists()

    def test_it_is_shown_nowhere_else(self, old: Old) -> None:
        result = old.type()

        assert SECRET not in result.stdout + result.stderr + old.output.read_text()

    def test_where_there_is_none_that_is_said(self, old: Old) -> None:
        del old.document["database.password"]
        password = old.output.parent / "password"

        told = old.json("--password-file", str(password), code=3)

        assert not password.exists()
        assert told["password_file"] is None
        assert told["report"][-1]["what"] == "there is none in the file"


@pytest.fixture
def globus(old: Old, monkeypatch: pytest.MonkeyPatch) -> Iterator[GlobusRig]:
    """A Globus at which somebody is logged in; the old file holds their refresh token."""
    folders = {RIG_COLLECTION: old.rig.root, ARCHIVE_COLLECTION: old.rig.base / "archive" / "ephys"}
    with running(folders) as simulated:
        made = GlobusRig(old.rig, simulated)
        for name, value in made.variables.items():
            monkeypatch.setenv(name, value)
        made.as_person()
        assert log_in(made)[0] == 0
        kept = json.loads((old.rig.base / "state" / "tokens.json").read_text())
        [servers] = kept.values()
        old.document["custom"]["globus.token"] = servers["transfer.api.globus.org"]["refresh_token"]
        yield made


class TestLogin:
    def test_it_is_taken_over_with_the_application_that_it_belongs_to(
        self, old: Old, globus: GlobusRig
    ) -> None:
        client = globus.globus.native_client_id

        told = old.json("--take-token", "--client-id", client)

        fits(told, "import-config")
        assert told["client_id"] == client
        found = config.load(old.output, {})
        assert found.globus.client_id == client
        assert told["token_file"] == str(found.globus.token_file)
        assert found.globus.token_file.stat().st_mode & 0o777 == 0o600
        assert old.document["custom"]["globus.token"] not in json.dumps(told)

    def test_the_programs_use_it(self, old: Old, globus: GlobusRig) -> None:
        old.type("--take-token", "--client-id", globus.globus.native_client_id)
        words = ("-c", str(old.output))

        who = old.rig.type_plainly(*words, "whoami")
        check = old.rig.type_plainly(*words, "check", "--json")

        assert who.stdout.startswith(UNTOLD)
        findings = json.loads(check.stdout)["findings"]
        assert {each["level"] for each in findings if each["area"] == "login"} == {"ok"}
        asked = [each for each in findings if each["area"] == "raw-ephys"]
        assert asked
        assert {each["level"] for each in asked} == {"ok"}, asked

    def test_of_another_application_it_is_refused_with_the_reason(
        self, old: Old, globus: GlobusRig
    ) -> None:
        told = old.json("--take-token", code=3)

        assert (told["client_id"], told["token_file"], told["loads"]) == (None, None, True)
        [needed] = [each for each in told["report"] if each["outcome"] == "needed"]
        assert "belongs to another application" in needed["what"]
        assert MAP_EPHYS_APPLICATION in needed["what"]
        assert not (old.rig.base / "state-home").exists()

    def test_one_that_is_there_already_is_left(self, old: Old, globus: GlobusRig) -> None:
        words = ("--take-token", "--client-id", globus.globus.native_client_id, "--force")
        tokens = Path(old.json(*words)["token_file"])
        before = tokens.read_bytes()

        told = old.json(*words, code=3)

        assert "somebody is logged in already" in json.dumps(told["report"])
        assert tokens.read_bytes() == before

    def test_without_globus_it_is_refused_and_the_rest_is_done(
        self, old: Old, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old.document["custom"]["globus.token"] = SECRET
        monkeypatch.setenv("GLOBUS_SDK_ENVIRONMENT", "sim")
        monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_AUTH", "http://127.0.0.1:9/")

        result = old.type("--take-token")

        assert result.exit_code == 3
        assert "the login was not taken over" in result.stdout
        assert SECRET not in result.stdout + result.stderr
        assert config.load(old.output, {}).globus.client_id is None

    def test_without_a_complete_configuration_globus_is_not_even_asked(self, old: Old) -> None:
        del old.document["globus.local_endpoint"]
        old.document["custom"]["globus.token"] = SECRET

        assert "complete it, then: archivedctl login" in json.dumps(
            old.json("--take-token", code=3)
        )

    def test_where_there_is_none_that_is_said(self, old: Old) -> None:
        told = old.json("--take-token", code=3)

        assert "there is none in the file" in json.dumps(told["report"])

    def test_no_representation_shows_it(self, globus: GlobusRig, old: Old) -> None:
        token = old.document["custom"]["globus.token"]

        adopted = adopt_login(globus.globus.native_client_id, token)

        assert token not in repr(adopted)
        assert os.fspath(old.file) not in repr(adopted)
