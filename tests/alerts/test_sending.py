"""Messages go through the real Apprise to real servers of this machine, and no answer of theirs has a secret in it."""

from __future__ import annotations

import io
import logging
import socket
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace

import pytest
from apprise.plugins.custom_json import NotifyJSON

from archived import config
from archived.alerts.addresses import Address, addresses
from archived.alerts.sending import send
from archived.cli.alert_findings import alerts
from archived.cli.finding import Level
from archived.core.alert_words import Message
from archived.secrecy import hidden, redacting
from archived.secrecy.redacting import redact_text
from tests.alerts.receivers import SECRET, mail_server, web_service

MESSAGE = Message("the root is gone", "one line\n<b>another</b> of SC011 ü\n", True)


def only(url: str) -> Address:
    [found] = addresses(url)
    return found


def test_a_web_service_is_told() -> None:
    with web_service() as service:
        assert send(only(service.url), MESSAGE) == ""
    assert service.came == [
        {
            "version": "1.0",
            "title": MESSAGE.title,
            "message": MESSAGE.body.strip(),
            "attachments": [],
            "type": "failure",
        }
    ]


LONG = Message("the root is gone", "\n".join(f"SC011 {each:04}" for each in range(500)), True)


@pytest.mark.parametrize(("takes", "split"), [(2000, True), (280, False)])
def test_what_is_longer_than_a_service_takes_is_split_or_cut(
    takes: int, split: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NotifyJSON, "body_maxlen", takes)
    with web_service() as service:
        assert send(only(service.url), LONG) == ""
    assert (len(service.came) > 1) == split
    bodies = [each["message"] for each in service.came]
    assert all(len(each) <= takes for each in bodies)
    words = " ".join(bodies).split()
    assert words[:20] == LONG.body.split()[:20]
    assert not split or words == LONG.body.split()


def test_an_address_that_says_what_to_do_with_what_is_too_long_is_obeyed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(NotifyJSON, "body_maxlen", 2000)
    with web_service() as service:
        assert send(only(f"{service.url}?overflow=truncate"), LONG) == ""
        assert send(only(f"{service.url}?overflow=upstream"), LONG) == ""
    [cut, whole] = [len(each["message"]) for each in service.came]
    assert cut <= 2000 < whole


def test_a_mail_is_delivered_as_plain_words() -> None:
    with mail_server() as server:
        assert send(only(server.mail), MESSAGE) == ""
    [mail] = server.came
    assert mail["Subject"] == MESSAGE.title
    assert mail["To"] == "ada@lab.org"
    body = mail.get_body(("plain", "html"))
    assert "SC011 ü" in body.get_content()
    assert "<b>" not in body.get_content() or body.get_content_type() == "text/plain"


def test_who_refuses_is_told_of_without_a_secret() -> None:
    with web_service() as service:
        service.refuses = True
        why = send(only(service.url), MESSAGE)
    assert "503" in why
    assert SECRET not in why


def test_who_is_away_is_told_of_with_the_cause_and_without_a_secret() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"json://ada:{SECRET}@127.0.0.1:{nobody.getsockname()[1]}/{SECRET}-token"
        why = send(only(url), MESSAGE)
    assert "refused" in why
    assert SECRET not in why


@pytest.mark.parametrize(
    "url", ["nonsense", f"nothing://{SECRET}", f"slack://{SECRET}", "json://["]
)
def test_what_is_no_address_is_said_to_be_none(url: str) -> None:
    why = send(only(url), MESSAGE)
    assert why
    assert SECRET not in why


def test_nothing_of_it_is_logged_or_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    logging.getLogger().addHandler(handler)
    try:
        with web_service() as service:
            service.refuses = True
            assert send(only(service.url), MESSAGE)
    finally:
        logging.getLogger().removeHandler(handler)
    assert log.getvalue() == ""
    assert list(tmp_path.iterdir()) == []


def test_addresses_are_known_by_place_and_kind() -> None:
    found = addresses(f"# ours\n\n mailto://a:{SECRET}@lab.org \nSlack://{SECRET}/x\n{SECRET}\n")
    assert [each.label for each in found] == ["1 (mailto)", "2 (slack)", "3 (no address)"]
    assert SECRET not in repr(found)


@pytest.fixture
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that had no secret yet."""
    known: set[str] = set()
    monkeypatch.setattr(hidden, "KNOWN", known)
    monkeypatch.setattr(redacting, "KNOWN", known)


@pytest.mark.usefixtures("nothing_known")
@pytest.mark.parametrize(
    "url",
    [
        f"slack://{SECRET}/TokenB/TokenC/#archived",
        f"slack://TokenA/TokenB/{SECRET}/#harbor-rig/#settling",
        f"slack://TokenA/TokenB/{SECRET}/%23harbor-rig",
        f"slack://TokenA/TokenB/TokenC/#harbor-rig?token={SECRET}",
        f"slack://TokenA/TokenB/#harbor-rig/{SECRET}",
        f"slack://archived@TokenA/{SECRET}/@harbor-rig",
        f"mailto://rig:{SECRET}@lab.org?from=archived&to=harbor-rig@lab.org&CC=harbor-rig",
        f"mailto://rig:pass#{SECRET}@lab.org?from=archived",
        f"mmosts://chat.lab.org/{SECRET}?name=harbor-rig",
        f"ntfys://chat.lab.org/archived?token={SECRET}",
        f"json://chat.lab.org/archived?+X-Key={SECRET}",
    ],
)
def test_of_an_address_tokens_are_left_out_and_ordinary_words_are_not(url: str) -> None:
    addresses(url)
    words = "archived: harbor-rig has 3 settling, chat.lab.org answers, archivedctl status"
    assert redact_text(words) == words
    for said in (f"it answered {SECRET}", f"it answered {SECRET}@lab.org", url):
        assert SECRET not in redact_text(said)


@pytest.mark.usefixtures("nothing_known")
def test_words_that_are_given_as_harmless_stay_and_a_password_never_does() -> None:
    addresses(
        "ntfy://harbor-rig\nmailto://rig:northern@lab.org", harmless=["harbor-rig", "northern"]
    )
    assert redact_text("harbor-rig") == "harbor-rig"
    assert "northern" not in redact_text("it answered northern")


@pytest.mark.usefixtures("nothing_known")
def test_the_rig_and_its_locations_stay_in_the_log_whatever_a_topic_is_called(
    tmp_path: Path,
) -> None:
    urls = tmp_path / "urls"
    urls.write_text("ntfy://harbor-rig\nntfy://ntfy.lab.org/raw-harbor\nntfy://sEcReTtOpIc\n")
    urls.chmod(0o600)
    text = f"""
        [archived]
        rig = harbor-rig
        store = {tmp_path}/archived.db
        [globus]
        local_endpoint_local_path = {tmp_path}/data
        [location:raw-harbor]
        archive = {tmp_path}/nas
        conventions = spikeglx
        [alerts]
        urls_file = {urls}
        """
    path = tmp_path / "archived.ini"
    path.write_text(dedent(text))

    found = list(alerts(SimpleNamespace(configuration=config.load(path, {}))))

    assert [each.level for each in found] == [Level.OK]
    assert redact_text("harbor-rig raw-harbor") == "harbor-rig raw-harbor"
    assert "sEcReTtOpIc" not in redact_text("it answered sEcReTtOpIc")
