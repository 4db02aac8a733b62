"""Files of ours that hold secrets are for their owner from their first byte on, whatever the umask and whoever waits."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from archived.config.files import PRIVATE, write_file
from archived.errors import ConfigurationError, LoginRequiredError
from archived.rig.canary import Canary
from archived.secrecy.hidden import Hidden, HiddenBytes
from archived.transfer.token_file import StoredToken, TokenFile

SECRET = "planted-secret-0815-4711"


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777], ids=oct)
def any_umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever the person's shell has."""
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.fixture
def modes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """With which mode each file came into being."""
    seen: list[int] = []
    real = os.open

    def noting(path: str, flags: int, mode: int = 0o777, **more: int) -> int:
        descriptor = real(path, flags, mode, **more)
        if flags & os.O_CREAT and flags & os.O_WRONLY:
            found = os.fstat(descriptor)
            assert found.st_size == 0
            seen.append(stat.S_IMODE(found.st_mode))
        return descriptor

    monkeypatch.setattr(os, "open", noting)
    return seen


def token_file(path: Path) -> TokenFile:
    return TokenFile(str(path), client_id="client", environment="sim")


def token(text: str = SECRET) -> StoredToken:
    return StoredToken(f"access-{text}", 0, f"refresh-{text}", "all")


@pytest.mark.usefixtures("any_umask")
def test_nobody_else_could_ever_read_a_login_or_a_password(
    tmp_path: Path, modes: list[int]
) -> None:
    tokens = token_file(tmp_path / "tokens.json")
    tokens.replace({"transfer": token()})
    tokens.replace({"transfer": token("another")})
    write_file(tmp_path / "password", SECRET, mode=PRIVATE)
    write_file(tmp_path / "password", SECRET, mode=PRIVATE, replace=True)
    assert len(modes) >= 4
    assert all(mode & 0o077 == 0 for mode in modes)
    for name in ("tokens.json", "password"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0
    assert sorted(each.name for each in tmp_path.iterdir() if "lock" not in each.name) == [
        "password",
        "tokens.json",
    ]


def test_a_login_is_not_written_through_a_link(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("{}")
    elsewhere.chmod(0o600)
    (tmp_path / "tokens.json").symlink_to(elsewhere)
    with pytest.raises(LoginRequiredError, match="cannot be read"):
        token_file(tmp_path / "tokens.json").replace({"transfer": token()})
    assert elsewhere.read_text() == "{}"


def test_a_password_is_not_written_through_a_link(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    (tmp_path / "password").symlink_to(elsewhere)
    with pytest.raises(ConfigurationError, match="is there already"):
        write_file(tmp_path / "password", SECRET, mode=PRIVATE)
    write_file(tmp_path / "password", SECRET, mode=PRIVATE, replace=True)
    assert elsewhere.read_text() == "mine"
    assert not (tmp_path / "password").is_symlink()


@pytest.mark.parametrize("make", ["fifo", "folder"])
def test_what_is_no_file_is_no_login(tmp_path: Path, make: str) -> None:
    path = tmp_path / "tokens.json"
    os.mkfifo(path, 0o600) if make == "fifo" else path.mkdir(mode=0o700)
    with pytest.raises(LoginRequiredError):
        token_file(path).read()


def test_a_login_below_a_folder_that_everybody_may_write_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    tokens = token_file(folder / "tokens.json")
    tokens.replace({"transfer": token()})
    folder.chmod(0o777)
    with pytest.raises(LoginRequiredError, match="everybody may exchange"):
        tokens.read()


def test_the_canary_empties_no_file_that_a_link_leads_to(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("kept")
    folder = tmp_path / "canary"
    folder.mkdir()
    (folder / "canary").symlink_to(precious)
    canary = Canary(str(folder))
    assert not canary.sing(0.0)
    assert "cannot be written" in canary.trouble
    assert precious.read_text() == "kept"


def test_a_secret_is_of_use_and_is_not_shown() -> None:
    hidden, octets = Hidden(SECRET), HiddenBytes(SECRET.encode())
    assert (hidden, octets) == (SECRET, SECRET.encode())
    assert f"{hidden}" == SECRET
    assert json.dumps(hidden) == json.dumps(SECRET)
    assert "planted" not in repr([hidden, {"a": octets}, token()])
