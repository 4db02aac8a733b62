"""The client secret is found in three places, is guarded, and is never shown."""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from urllib.parse import quote

import pytest

from archived import config
from archived.config import Configuration, Mistake
from archived.config.mistake import without_password
from archived.config.secrets import CLIENT_SECRET, DATAJOINT_PASSWORD, Secret
from archived.errors import ConfigurationError
from archived.store.address import parse
from archived.store.lab import address as lab_address

CLIENT = "c40e971d-0075-4a82-b12f-8f9717762e7b"
SECRET = "TAINT-the-client-secret"


def secret_file(folder: Path, mode: int = 0o600, text: str = f"{SECRET}\n") -> Path:
    file = folder / "secret"
    file.write_text(text)
    file.chmod(mode)
    return file


def credentials(folder: Path, text: str) -> dict[str, str]:
    (folder / "credentials").mkdir()
    (folder / "credentials" / "globus-client-secret").write_text(text)
    return {"CREDENTIALS_DIRECTORY": str(folder / "credentials")}


def load(folder: Path, globus: str, store: str = "", **environ: str) -> Configuration:
    file = folder / "archived.ini"
    file.write_text(
        f"[archived]\nrig = rig\nstore = {store or folder / 'state/archived.db'}\n"
        f"[globus]\nlocal_endpoint_local_path = {folder / 'data'}\n{globus}\n"
        f"[location:a]\narchive = {folder / 'nas'}\nconventions = catgt\n"
    )
    return config.load(file, environ)


def test_the_secret_is_read_from_its_file_only_when_it_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    found = load(tmp_path, f"client_id = {CLIENT}\nclient_secret_file = {file}")
    assert found.globus.service_account
    with pytest.raises(ConfigurationError, match="cannot be read"):
        found.globus.client_secret()
    secret_file(tmp_path)
    assert found.globus.client_secret() == SECRET


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o610])
def test_a_secret_that_others_may_read_is_refused_with_the_command_to_type(
    tmp_path: Path, mode: int
) -> None:
    file = secret_file(tmp_path, mode)
    with pytest.raises(ConfigurationError, match=f"mode {mode:04o}") as caught:
        Secret(CLIENT_SECRET, file=file).read()
    assert caught.value.what_to_do.startswith(f"chmod 600 {file}")
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_secret_of_its_owner_alone_is_fine(tmp_path: Path, mode: int) -> None:
    assert Secret(CLIENT_SECRET, file=secret_file(tmp_path, mode)).read() == SECRET


def test_a_secret_of_another_user_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = secret_file(tmp_path)
    if os.geteuid() == 0:
        os.chown(file, 1234, -1)  # root's own files are fine for everybody
    monkeypatch.setattr(os, "geteuid", lambda: file.stat().st_uid + 1)
    with pytest.raises(ConfigurationError, match="belongs to another user"):
        Secret(CLIENT_SECRET, file=file).read()


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_secret_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match="is empty"):
        Secret(CLIENT_SECRET, file=secret_file(tmp_path, text=text)).read()


def test_a_secret_that_is_no_text_is_refused_unseen(tmp_path: Path) -> None:
    file = secret_file(tmp_path)
    file.write_bytes(b"TAINT\xff\xfe")
    with pytest.raises(ConfigurationError, match="not text in UTF-8") as caught:
        Secret(CLIENT_SECRET, file=file).read()
    assert "TAINT" not in str(caught.value)


def test_a_credential_of_systemd_comes_before_the_file(tmp_path: Path) -> None:
    environ = credentials(tmp_path, "from-systemd\n")
    assert Secret.found(CLIENT_SECRET, secret_file(tmp_path), environ).read() == "from-systemd"


@pytest.mark.parametrize("text", ["", "\n"])
def test_an_empty_credential_counts_as_none(tmp_path: Path, text: str) -> None:
    environ = credentials(tmp_path, text)
    assert not Secret.found(CLIENT_SECRET, None, environ)
    assert Secret.found(CLIENT_SECRET, None, environ).read() is None
    assert Secret.found(CLIENT_SECRET, secret_file(tmp_path), environ).read() == SECRET


def test_the_environment_comes_before_everything(tmp_path: Path) -> None:
    environ = credentials(tmp_path, "from-systemd")
    environ["ARCHIVED_GLOBUS_CLIENT_SECRET"] = "from-environment"
    assert Secret.found(CLIENT_SECRET, secret_file(tmp_path), environ).read() == "from-environment"


def test_a_secret_needs_the_id_it_belongs_to(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"\[globus\] client_id is missing"):
        load(tmp_path, f"client_secret_file = {tmp_path / 'secret'}")


def test_a_secret_that_lies_about_does_not_make_a_service_account(tmp_path: Path) -> None:
    found = load(tmp_path, "", ARCHIVED_GLOBUS_CLIENT_SECRET=SECRET)
    assert not found.globus.service_account


def test_an_id_alone_is_for_a_persons_login(tmp_path: Path) -> None:
    found = load(tmp_path, f"client_id = {CLIENT}")
    assert not found.globus.service_account
    assert found.globus.client_secret() is None


def test_no_repr_and_no_text_shows_a_secret(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        f"client_id = {CLIENT}",
        store="",
        ARCHIVED_GLOBUS_CLIENT_SECRET=SECRET,
        ARCHIVED_ARCHIVED_STORE=f"postgresql://lab:{SECRET}@db/archived",
    )
    assert found.globus.client_secret() == SECRET
    assert found.store == f"postgresql://lab:{SECRET}@db/archived"
    assert found.store_shown == "postgresql://lab:(not shown)@db/archived"
    for shown in (repr(found), str(found), repr(found.globus), repr(found.globus.secret)):
        assert "TAINT" not in shown


def test_no_mistake_shows_a_secret() -> None:
    mistakes = [
        Mistake("archived", "store", f"postgresql://lab:{SECRET}@db/x", "something else"),
        Mistake("globus", "client_secret", SECRET, "nothing"),
    ]
    assert all("TAINT" not in repr(each) + str(each) for each in mistakes)


def test_a_password_in_a_file_that_others_may_read_is_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "archived.ini"
    file.write_text(
        f"[archived]\nrig = rig\nstore = mysql://lab:{SECRET}@db/archived\n"
        f"[globus]\nlocal_endpoint_local_path = /data\n"
        f"[location:a]\narchive = /mnt/nas\nconventions = catgt\n"
    )
    file.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600") as caught:
        config.load(file, {})
    assert "TAINT" not in str(caught.value)
    file.chmod(0o600)
    assert config.load(file, {}).store.startswith("mysql://lab:")


def datajoint(folder: Path, more: str, **environ: str) -> Configuration:
    """A configuration with the lab's database."""
    return load(folder, f"[datajoint]\naddress = mysql://lab@db.lab.org\n{more}\n", **environ)


def test_the_password_of_the_lab_is_found_where_the_client_secret_is(tmp_path: Path) -> None:
    file = secret_file(tmp_path)
    folder = tmp_path / "credentials"
    folder.mkdir()
    given = {"CREDENTIALS_DIRECTORY": str(folder)}

    named = f"password_file = {file}"
    assert datajoint(tmp_path, "").datajoint.password() is None
    assert datajoint(tmp_path, named).datajoint.password() == SECRET
    (folder / "datajoint-password").write_text("from-systemd\n")
    assert datajoint(tmp_path, named, **given).datajoint.password() == "from-systemd"
    given["ARCHIVED_DATAJOINT_PASSWORD"] = "from-environment"
    assert datajoint(tmp_path, named, **given).datajoint.password() == "from-environment"
    assert datajoint(tmp_path, named, **given).globus.client_secret() is None


def test_a_password_of_the_lab_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = secret_file(tmp_path, 0o644)
    found = datajoint(tmp_path, f"password_file = {file}")

    with pytest.raises(ConfigurationError, match="mode 0644") as caught:
        found.datajoint.password()

    assert "the password of the DataJoint database" in str(caught.value)
    assert "TAINT" not in "".join(traceback.format_exception(caught.value))


def test_an_empty_secret_says_which_it_should_have_been(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="the password of the DataJoint") as caught:
        Secret(DATAJOINT_PASSWORD, file=secret_file(tmp_path, text="\n")).read()
    assert "`password_file` in [datajoint]" in caught.value.what_to_do


def test_nothing_of_the_lab_shows_its_password(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        "",
        ARCHIVED_DATAJOINT_ADDRESS=f"mysql://lab:{SECRET}@db.lab.org",
        ARCHIVED_DATAJOINT_PASSWORD=SECRET,
    )
    assert found.datajoint.address_shown == "mysql://lab:(not shown)@db.lab.org"
    assert "TAINT" not in repr(found) + repr(found.datajoint) + repr(found.datajoint.secret)


def test_a_password_of_the_lab_in_a_file_that_others_may_read_is_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "archived.ini"
    datajoint(tmp_path, "")
    file.write_text(file.read_text().replace("lab@db", f"lab:{SECRET}@db"))
    file.chmod(0o644)
    with pytest.raises(ConfigurationError, match=r"\[datajoint\] address .*chmod 600") as caught:
        config.load(file, {})
    assert "TAINT" not in str(caught.value)
    file.chmod(0o600)
    assert config.load(file, {}).datajoint.address == f"mysql://lab:{SECRET}@db.lab.org"


PASSWORD = "TAINT/pass#w?rd=9"


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://lab:{raw}@db/archived",
        "mysql://lab:{raw}@db/archived",
        "postgresql://lab@lab.org:{written}@db/archived",
        "postgresql://lab:{written}@db",
        "postgresql://lab:{written}@db/?password={written}",
        "postgresql://lab@db/?password={written}",
        "postgresql://lab@db?passwd={written}",
        "postgresql://lab:{raw}",
        "postgresql://lab:{written}",
        "postgres://:{written}@db/archived",
        "oracle://lab:{written}@db/archived",
        "postgresql://lab:12/TAINT@db/archived",
        "postgresql://lab:12?TAINT@db/archived",
        "postgresql://lab:TAINT@@db:x/archived",
        "postgresql://[lab:{written}@db/archived",
    ],
)
@pytest.mark.parametrize("key", ["store", "address"])
def test_an_address_that_is_written_wrongly_is_told_without_its_password(
    tmp_path: Path, address: str, key: str
) -> None:
    """Nor with one that only looks like it: whoever made a mistake shows it to somebody else."""
    text = address.format(raw=PASSWORD, written=quote(PASSWORD, safe=""))
    lab = f"[datajoint]\naddress = {text}\n" if key == "address" else ""
    said = []
    try:
        found = load(tmp_path, lab, store=text if key == "store" else "")
        said.append(found.store_shown + found.datajoint.address_shown + repr(found))
        said.append(repr(parse(found.store)) + repr(lab_address.parse(found.datajoint)))
    except ConfigurationError as error:
        said.append("".join(traceback.format_exception(error)))
    assert said
    assert not any("TAINT" in each for each in said)


def test_the_port_of_an_address_is_no_password() -> None:
    for address in (
        "postgresql://lab@db:5432/x",
        "mysql://db:3306/x",
        "postgresql://lab@[::1]:1/x",
    ):
        assert without_password(address) == address


def test_a_user_named_with_a_place_has_a_password_too(tmp_path: Path) -> None:
    address = f"postgresql://lab@lab.org:{SECRET}@db/archived"
    file = tmp_path / "archived.ini"
    load(tmp_path, "", store="/var/lib/x")
    file.write_text(file.read_text().replace("/var/lib/x", address))
    file.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        config.load(file, {})
    file.chmod(0o600)
    found = config.load(file, {})
    assert found.store_shown == "postgresql://lab@lab.org:(not shown)@db/archived"
    assert parse(found.store).shown == "postgresql://lab@lab.org@db/archived"


@pytest.mark.parametrize("mode", [0o646, 0o666, 0o602])
def test_a_configuration_that_everybody_may_write_is_not_used(tmp_path: Path, mode: int) -> None:
    load(tmp_path, "")
    (tmp_path / "archived.ini").chmod(mode)
    with pytest.raises(ConfigurationError, match="chmod o-w"):
        config.load(tmp_path / "archived.ini", {})


def test_a_configuration_of_another_user_is_used_only_where_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(tmp_path, "")
    file = tmp_path / "archived.ini"
    monkeypatch.chdir(tmp_path)
    if os.geteuid() == 0:
        os.chown(file, 1234, -1)
    owner = file.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(ConfigurationError, match="belongs to another user") as caught:
        config.find(None, {})
    assert "-c archived.ini" in caught.value.what_to_do
    assert config.find("archived.ini", {}) == file
    assert config.find(None, {"SUDO_UID": str(owner)}) == file
    monkeypatch.setattr(os, "geteuid", lambda: owner)
    assert config.find(None, {}) == file


def test_a_secret_below_a_folder_that_everybody_may_write_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "open" / "inner"
    folder.mkdir(parents=True)
    secret_file(folder)
    (tmp_path / "open").chmod(0o777)
    secret = Secret(CLIENT_SECRET, file=folder / "secret")
    with pytest.raises(ConfigurationError, match="everybody may exchange") as caught:
        secret.read()
    assert f"chmod o-w {tmp_path / 'open'}" in caught.value.what_to_do
    (tmp_path / "open").chmod(0o1777)
    assert secret.read() == SECRET


def test_a_link_to_a_secret_is_followed_and_its_end_is_judged(tmp_path: Path) -> None:
    file, link = secret_file(tmp_path), tmp_path / "link"
    link.symlink_to(file)
    assert Secret(CLIENT_SECRET, file=link).read() == SECRET
    file.chmod(0o644)
    with pytest.raises(ConfigurationError, match="mode 0644"):
        Secret(CLIENT_SECRET, file=link).read()


def test_a_secret_is_looked_at_each_time_it_is_read(tmp_path: Path) -> None:
    secret = Secret(CLIENT_SECRET, file=secret_file(tmp_path))
    assert secret.read() == SECRET
    (tmp_path / "secret").chmod(0o640)
    with pytest.raises(ConfigurationError, match="mode 0640"):
        secret.read()


def test_a_pipe_in_the_place_of_a_secret_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(ConfigurationError, match="not a regular file"):
        Secret(CLIENT_SECRET, file=tmp_path / "pipe").read()


@pytest.mark.parametrize(
    "line",
    [
        "client_secret = TAINT",
        "client_secre = TAINT",
        "clientsecret = TAINT",
        "pwd = TAINT",
        "passphrase = TAINT",
        "refresh_tokens = TAINT",
        "key = TAINT9aZ0x7Tq2Lm",
        "taint9az0x7tq2lmpqrstuv = ",
        "taint9az0x7tq2lmpqrstuv==",
        "taint9az0x+/taint = x",
        "TAINT9aZ0x7Tq2Lm",
    ],
)
def test_a_secret_that_does_not_belong_there_is_not_shown(tmp_path: Path, line: str) -> None:
    said = ""
    try:
        found = load(tmp_path, line)
    except ConfigurationError as error:
        said = "".join(traceback.format_exception(error))
    else:
        said = repr(found)
    assert "taint" not in said.lower()
