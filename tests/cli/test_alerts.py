"""`alerts`: each address says what it answered, and none of them is ever shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.alerts.receivers import SECRET, Receiver, mail_server, web_service
from tests.cli.contract import fits
from tests.cli.rigs import CliRig


@pytest.fixture
def service() -> Iterator[Receiver]:
    with web_service() as found:
        yield found


def name_addresses(rig: CliRig, *urls: str, mode: int = 0o600) -> None:
    file = rig.configuration.with_name("alert-urls")
    file.write_text("# ours\n" + "\n".join(urls))
    file.chmod(mode)
    with rig.configuration.open("a") as configuration:
        configuration.write(f"\n[alerts]\nurls_file = {file}\n")


def test_a_trial_goes_to_every_address_without_a_daemon_or_a_store(
    rig: CliRig, service: Receiver
) -> None:
    with mail_server() as mail:
        name_addresses(rig, service.url, mail.mail)
        said = rig.said("alerts", "test")
        answers = rig.json("alerts", "test")
    fits(answers, "alerts")
    assert [each["address"] for each in answers["addresses"]] == ["1 (json)", "2 (mailto)"]
    assert all(each["sent"] for each in answers["addresses"])
    assert len(service.came) == len(mail.came) == 2
    assert "nothing is wrong" in service.came[0]["message"]
    assert SECRET not in said


def test_one_that_refuses_is_named_with_the_reason_and_the_others_get_it(
    rig: CliRig, service: Receiver
) -> None:
    with web_service() as other:
        other.refuses = True
        name_addresses(rig, other.url, "nonsense", service.url)
        answers = rig.json("alerts", "test", code=1)
    fits(answers, "alerts")
    refused, none, fine = answers["addresses"]
    assert "503" in refused["error"]
    assert none["error"] == "it is no address that Apprise understands"
    assert fine == {"address": "3 (json)", "sent": True, "error": None}
    assert SECRET not in str(answers)


def test_everybody_is_told_of_a_service_that_failed(rig: CliRig, service: Receiver) -> None:
    name_addresses(rig, service.url)
    rig.said("alerts", "stopped", "archived.service\n")
    [came] = service.came
    assert came["type"] == "failure"
    assert "the daemon stopped" in came["title"]
    assert "the service archived.service\\n failed" in came["message"]


def test_a_service_that_failed_of_its_configuration_is_told_of_by_way_of_a_credential(
    rig: CliRig, service: Receiver, tmp_path: Path
) -> None:
    with rig.configuration.open("a") as configuration:
        configuration.write("\n[archived]\nrigg = nonsense\n")
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "alert-urls").write_text(service.url)
    rig.environ["CREDENTIALS_DIRECTORY"] = str(credentials)
    assert rig.json("alerts", "stopped", "archived.service")["addresses"][0]["sent"]
    assert rig.type("alerts", "test").exit_code == 78
    [came] = service.came
    assert "the daemon stopped" in came["title"]


def test_without_addresses_it_says_how_to_name_some(rig: CliRig) -> None:
    result = rig.type("alerts", "test")
    assert result.exit_code == 78
    assert "urls_file" in result.stderr


def test_check_says_whether_they_can_be_used(rig: CliRig) -> None:
    def found() -> list[tuple[str, str]]:
        views = rig.json("check", "--offline", code=rig.type("check", "--offline").exit_code)
        return [
            (each["level"], each["what"]) for each in views["findings"] if each["area"] == "alerts"
        ]

    assert found() == []
    name_addresses(rig, f"json://127.0.0.1/{SECRET}")
    [(level, what)] = found()
    assert (level, what[:37]) == ("ok", "alarms are sent to 1 address; `archiv")
    rig.configuration.with_name("alert-urls").chmod(0o644)
    [(level, what)] = found()
    assert level == "fail"
    assert "the addresses that alarms are sent to" in what
    assert SECRET not in what
