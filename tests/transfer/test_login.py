"""A person's login: given once with a browser, kept in a file for its owner alone, renewed without a word."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import globus_sdk
import pytest

from archived.errors import LoginRequiredError, TransferUnavailableError
from archived.simulator import SimulatedGlobus
from archived.transfer.globus import GlobusTransfers
from archived.transfer.globus_session import GlobusSession
from archived.transfer.login import PendingLogin, finish_login, logout, start_login, whoami
from archived.transfer.token_file import StoredToken, TokenFile
from tests.transfer.globus_bench import ARCHIVE, GlobusBench, simulated


class Person:
    """Somebody with a browser, and the rig that they log in from."""

    def __init__(self, base: Path, globus: SimulatedGlobus) -> None:
        self.globus = globus
        self.tokens = base / "state" / "tokens.json"
        self.location = GlobusBench(base, globus).location
        self.session = GlobusSession(
            globus.native_client_id, token_file=str(self.tokens), native=True
        )
        self.mover = GlobusTransfers(self.location, self.session)

    def begin(self, **options: Any) -> PendingLogin:
        return start_login(self.globus.native_client_id, str(self.tokens), **options)

    def log_in(self, **options: Any) -> str:
        pending = self.begin(**options)
        return finish_login(pending, self.globus.approve(pending.url)).username

    def stored(self) -> dict[str, Any]:
        [entry] = json.loads(self.tokens.read_text()).values()
        assert isinstance(entry, dict)
        return entry

    def change_stored(self, **changes: Any) -> None:
        """Change every stored token."""
        document = json.loads(self.tokens.read_text())
        for entry in document.values():
            for token in entry.values():
                token.update(changes)
        self.tokens.write_text(json.dumps(document))


@pytest.fixture
def person(tmp_path: Path, globus: SimulatedGlobus) -> Iterator[Person]:
    person = Person(tmp_path, globus)
    yield person
    person.session.close()
    globus.clear_faults()


def test_a_login_is_given_once_and_then_kept(person: Person) -> None:
    username = person.log_in()

    assert person.mover.list("") == []
    assert whoami(person.session).username == username
    fresh = GlobusSession(
        person.globus.native_client_id, token_file=str(person.tokens), native=True
    )
    assert fresh.identity().id
    assert GlobusTransfers(person.location, fresh).list("") == []
    fresh.close()


def test_the_file_is_for_its_owner_alone(person: Person) -> None:
    person.log_in()

    assert stat.S_IMODE(person.tokens.stat().st_mode) == 0o600
    assert stat.S_IMODE(person.tokens.parent.stat().st_mode) == 0o700


def test_without_a_login_nothing_is_asked_and_the_command_is_named(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*args: object) -> str:
        raise AssertionError("a daemon must not ask anybody anything")

    monkeypatch.setattr("builtins.input", never)

    with pytest.raises(LoginRequiredError, match="nobody is logged in") as raised:
        person.mover.reserve()

    assert raised.value.what_to_do == "type: archivedctl login"
    with pytest.raises(LoginRequiredError):
        whoami(person.session)


def test_a_login_is_found_by_a_program_that_runs_already(person: Person) -> None:
    with pytest.raises(LoginRequiredError):
        person.mover.reserve()

    person.log_in()

    assert person.mover.reserve()


def test_a_wrong_code_is_refused_and_stores_nothing(person: Person) -> None:
    pending = person.begin()

    with pytest.raises(LoginRequiredError, match="use that code: it is mistyped") as raised:
        finish_login(pending, "not the code")

    assert "nothing was changed" in str(raised.value)
    assert "archivedctl login" in raised.value.what_to_do
    assert not person.tokens.exists()


def test_a_code_that_was_used_already_leaves_the_login_as_it_is(person: Person) -> None:
    pending = person.begin()
    code = person.globus.approve(pending.url)
    finish_login(pending, code)
    kept = person.stored()

    with pytest.raises(LoginRequiredError, match="was used already") as raised:
        finish_login(pending, code)

    assert "six months" not in str(raised.value)
    assert person.stored() == kept


def test_a_code_is_not_blamed_for_another_refusal(person: Person) -> None:
    pending = person.begin()
    code = person.globus.approve(pending.url)
    person.globus.order("invalid_client")

    with pytest.raises(LoginRequiredError, match="use that code: the client id") as raised:
        finish_login(pending, code)

    assert "mistyped" not in str(raised.value)


def test_a_login_that_has_ended_is_said_with_the_command(person: Person) -> None:
    person.log_in()
    person.mover.reserve()
    person.globus.end_logins()

    with pytest.raises(LoginRequiredError) as raised:
        person.mover.reserve()
    assert raised.value.what_to_do == "type: archivedctl login"

    person.log_in()
    assert person.mover.reserve()


def test_a_token_that_ran_out_is_renewed_and_kept(person: Person) -> None:
    person.log_in()
    before = person.stored()
    person.change_stored(expires_at=1)

    person.mover.reserve()

    after = person.stored()
    server = "transfer.api.globus.org"
    assert after[server]["access_token"] != before[server]["access_token"]
    assert after[server]["refresh_token"] == before[server]["refresh_token"]
    assert after[server]["expires_at"] > 1
    assert stat.S_IMODE(person.tokens.stat().st_mode) == 0o600


def test_a_token_that_is_refused_is_renewed_without_a_word(person: Person) -> None:
    person.log_in()
    person.mover.reserve()
    person.globus.end_logins(also_refresh_tokens=False)

    assert person.mover.reserve()


def test_an_answer_without_a_refresh_token_keeps_the_one_there_is(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.log_in()
    real = globus_sdk.NativeAppAuthClient.oauth2_refresh_token

    def without(self: Any, *args: Any, **kwargs: Any) -> Any:
        answer = real(self, *args, **kwargs)
        for data in answer.by_resource_server.values():
            data["refresh_token"] = None
        return answer

    monkeypatch.setattr(globus_sdk.NativeAppAuthClient, "oauth2_refresh_token", without)
    before = person.stored()
    for _ in range(3):
        person.change_stored(expires_at=1)
        assert person.mover.reserve()

    assert [token["refresh_token"] for token in person.stored().values()] == [
        token["refresh_token"] for token in before.values()
    ]


def test_a_consent_that_is_missing_is_asked_for_by_the_command_to_type(tmp_path: Path) -> None:
    with simulated(tmp_path.parent, mapped=[ARCHIVE]) as globus:
        person = Person(tmp_path, globus)
        person.log_in()
        with pytest.raises(LoginRequiredError, match="consent") as raised:
            person.mover.list("")
        assert raised.value.what_to_do == f"type: archivedctl login --collection {ARCHIVE}"
        assert person.mover.consents() == [ARCHIVE]

        person.log_in(collections=person.mover.consents())

        assert person.mover.list("") == []
        person.session.close()


def test_a_session_that_a_collection_wants_fresh_is_asked_for_by_the_command_to_type(
    person: Person,
) -> None:
    person.log_in()
    person.globus.order("session_expired")

    with pytest.raises(LoginRequiredError, match="fresh login") as raised:
        person.mover.list("")

    assert raised.value.what_to_do == "type: archivedctl login --domain example.org"
    pending = person.begin(domain="example.org")
    assert "session_required_single_domain=example.org" in pending.url
    assert "prompt=login" in pending.url
    pending.flow.transport.close()


def test_logging_out_forgets_here_and_at_globus(person: Person) -> None:
    person.log_in()
    kept = person.stored()

    assert logout(person.globus.native_client_id, str(person.tokens))

    assert not person.tokens.exists()
    assert not logout(person.globus.native_client_id, str(person.tokens))
    with pytest.raises(LoginRequiredError):
        person.mover.reserve()
    person.tokens.touch(mode=0o600)
    person.tokens.write_text(json.dumps({f"sim/{person.globus.native_client_id}": kept}))
    with pytest.raises(LoginRequiredError, match="ended"):
        person.mover.reserve()


def test_logging_out_while_globus_is_away_forgets_here_and_says_so(tmp_path: Path) -> None:
    with simulated(tmp_path.parent) as globus:
        person = Person(tmp_path, globus)
        person.log_in()
        globus.go_away()

        with pytest.raises(TransferUnavailableError, match="here it is forgotten"):
            logout(globus.native_client_id, str(person.tokens))

        assert not person.tokens.exists()
        globus.come_back()


def test_a_file_that_others_may_read_is_refused(person: Person) -> None:
    person.log_in()
    person.tokens.chmod(0o640)

    with pytest.raises(LoginRequiredError, match="mode 0640") as raised:
        person.mover.reserve()

    assert f"chmod 600 {person.tokens}" in raised.value.what_to_do
    with pytest.raises(LoginRequiredError, match="mode 0640"):
        person.begin()
    person.tokens.chmod(0o600)
    assert person.mover.reserve()


def test_a_file_of_somebody_else_is_refused(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.log_in()
    monkeypatch.setattr(os, "geteuid", lambda: 12345)

    with pytest.raises(LoginRequiredError, match="belongs to another user"):
        person.mover.reserve()


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"KEY": {"transfer.api.globus.org": {"no": "token"}}}']
)
def test_a_damaged_file_is_said_to_be_one(person: Person, content: str) -> None:
    person.log_in()
    key = f"sim/{person.globus.native_client_id}"
    person.tokens.write_text(content.replace("KEY", key))

    with pytest.raises(LoginRequiredError, match="damaged") as raised:
        person.mover.reserve()

    assert "archivedctl login" in raised.value.what_to_do


def test_a_link_in_place_of_the_file_is_not_followed(person: Person, tmp_path: Path) -> None:
    person.log_in()
    person.tokens.rename(tmp_path / "elsewhere")
    person.tokens.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(LoginRequiredError, match="cannot be read"):
        person.mover.reserve()


def token(name: str) -> StoredToken:
    return StoredToken(f"access {name}", 99, f"refresh {name}", "scope")


def test_environments_and_clients_are_kept_apart(tmp_path: Path) -> None:
    path = str(tmp_path / "tokens")
    ours = TokenFile(path, client_id="a", environment="sim")
    others = TokenFile(path, client_id="a", environment="production")

    ours.replace({"transfer": token("ours")})
    others.replace({"transfer": token("others")})
    ours.forget()

    assert ours.read() == {}
    assert others.read() == {"transfer": token("others")}


def test_a_renewed_token_never_replaces_a_later_login(tmp_path: Path) -> None:
    tokens = TokenFile(str(tmp_path / "tokens"), client_id="a", environment="sim")
    tokens.replace({"transfer": token("new login")})

    kept = tokens.renew("transfer", token("old login"))

    assert not kept
    assert tokens.read() == {"transfer": token("new login")}


def test_a_token_shows_no_secret(tmp_path: Path) -> None:
    assert "access" not in repr(token("x"))
    assert "refresh" not in repr(token("x"))


def test_a_folder_that_cannot_be_written_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    tokens = TokenFile(str(tmp_path / "file" / "tokens"), client_id="a", environment="sim")

    with pytest.raises(TransferUnavailableError, match="cannot be kept"):
        tokens.replace({})
