"""The daemon tells people what is wrong: once, also across restarts, beside its work, and whatever the network does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archived import config
from archived.background import alert_sending
from archived.config import Configuration
from archived.daemon.alerting import KIND, NOBODY
from archived.daemon.surroundings import AlertSending
from archived.errands import ThreadErrands
from tests.alerts.receivers import SECRET, Receiver, web_service
from tests.daemon.test_telling import told
from tests.daemon.world import World

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def configured(world: World, *urls: str, more: str = "") -> Configuration:
    """The configuration of that rig, with these addresses."""
    file = world.base / "alert-urls"
    file.write_text("\n".join(urls))
    file.chmod(0o600)
    path = world.base / "archived.ini"
    path.write_text(
        f"[archived]\nrig = test-rig\n[alerts]\nurls_file = {file}\n{more}\n"
        f"[globus]\nlocal_endpoint_local_path = {world.root}\n"
        f"[location:raw-video]\narchive = {world.base}/archive\nconventions = tracking-video\n"
    )
    path.chmod(0o600)
    return config.load(path, {})


def send_to(world: World, *urls: str, more: str = "") -> None:
    """Have the daemon of the world tell these addresses, from a restart on."""
    world.alerts = alert_sending(configured(world, *urls, more=more))
    assert world.alerts is not None
    world.restart()


def keys(world: World) -> set[str]:
    return {each.key for each in world.store.alarms()}


def test_an_alarm_is_sent_once_and_once_more_when_it_is_over_whatever_restarts(
    world: World, service: Receiver
) -> None:
    send_to(world, service.url)
    world.pass_time(5 * MINUTE)
    assert service.came == []
    world.store.raise_alarm("trouble:raw-video", "log in", "archivedctl login", world.now)
    world.pass_time(5 * MINUTE)
    world.restart()
    world.pass_time(5 * MINUTE)
    assert service.titles() == ["archived on test-rig: log in"]
    assert "What to do: archivedctl login" in service.came[0]["message"]
    world.store.clear_alarm("trouble:raw-video")
    world.restart()
    world.pass_time(9 * MINUTE)
    assert service.titles()[1:] == []
    world.pass_time(6 * MINUTE)
    assert service.titles()[1:] == ["archived on test-rig: 1 over"]
    assert [entry[1] for entry in told(world, "alert sent")] == [
        {"address": "1 (json)", "alarms": 1, "datasets": 0},
        {"address": "1 (json)", "alarms": 0, "datasets": 0},
    ]


def test_many_things_at_once_are_one_message(world: World, service: Receiver) -> None:
    send_to(world, service.url)
    for number in range(7):
        world.store.raise_alarm(f"{number}:raw-video", f"trouble {number}", "mend it", world.now)
    world.pass_time(10 * MINUTE)
    assert service.titles() == ["archived on test-rig: 7 alarms"]


def test_recordings_that_need_a_person_are_told_and_told_again_when_they_do_again(
    world: World, service: Receiver
) -> None:
    send_to(world, service.url)
    world.record_run()
    [meta] = (world.root / "SC011").rglob("*.ap.meta")
    meta.write_text(meta.read_text().replace("fileSizeBytes=", "fileSizeBytes=9"))
    world.until(lambda: bool(service.came), within=timedelta(days=3), step=10 * MINUTE)
    assert "1 recording needs a person" in service.titles()[0]
    assert "raw-ephys/SC011/" in service.came[0]["message"]
    world.pass_time(2 * HOUR, step=10 * MINUTE)
    assert len(service.came) == 1
    [name] = world.states()
    world.store.retry([name], world.now, user="ada")
    world.until(lambda: len(service.came) > 1, within=timedelta(days=3), step=10 * MINUTE)
    assert "1 recording needs a person" in service.titles()[1]


def test_an_address_that_takes_nothing_is_tried_again_and_is_an_alarm_of_which_others_are_told(
    world: World, service: Receiver
) -> None:
    with web_service() as other:
        send_to(world, service.url, other.url)
        service.refuses = True
        world.store.raise_alarm("trouble:raw-video", "no backup", "mend it", world.now)
        world.pass_time(HOUR)
        assert keys(world) == {"trouble:raw-video", "alerts:1 (json)"}
        assert len(told(world, "alert not sent")) == 1
        world.restart()
        service.refuses = False
        world.pass_time(2 * HOUR, step=5 * MINUTE)
    assert keys(world) == {"trouble:raw-video"}
    assert service.titles() == ["archived on test-rig: no backup"]
    assert [title.partition(": ")[2][:36] for title in other.titles()] == [
        "no backup",
        "address 1 (json) takes no messages: ",
        "1 over",
    ]
    assert SECRET not in str(world.log.entries) + str(other.came)


@pytest.mark.parametrize("fault", ["gone", "open", "no package"])
def test_addresses_that_cannot_be_used_are_an_alarm_and_nothing_else(
    world: World, service: Receiver, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_to(world, service.url)
    file = world.base / "alert-urls"
    with monkeypatch.context() as patched:
        if fault == "no package":
            patched.setitem(__import__("sys").modules, "archived.alerts.sending", None)
        elif fault == "gone":
            file.rename(file.with_suffix(".away"))
        else:
            file.chmod(0o644)
        world.store.raise_alarm("trouble:raw-video", "no backup", "mend it", world.now)
        world.record_video()
        world.until(lambda: world.all_archived() and NOBODY in keys(world))
        if fault == "gone":
            file.with_suffix(".away").rename(file)
        file.chmod(0o600)
    world.pass_time(3 * HOUR, step=5 * MINUTE)
    assert keys(world) == {"trouble:raw-video"}
    assert any("no backup" in each["message"] for each in service.came)


def test_only_what_cannot_wait_is_told_where_that_is_wanted_and_again_where_it_lasts(
    world: World, service: Receiver
) -> None:
    send_to(world, service.url, more="least = urgent\nrepeat = 1d")
    world.store.raise_alarm("trouble:raw-video", "no backup", "mend it", world.now)
    world.pass_time(10 * MINUTE)
    assert service.came == []
    world.store.raise_alarm("full:raw-video", "the archive is full", "make room", world.now)
    world.pass_time(timedelta(days=2), step=HOUR)
    assert service.titles() == [
        "archived on test-rig: the archive is full",
        "archived on test-rig: still the archive is full",
    ]


def test_who_has_no_addresses_any_more_has_no_alarm_about_them(world: World) -> None:
    world.store.raise_alarm(NOBODY, "nobody is told", "mend it", world.now)
    world.pass_time(MINUTE)
    assert keys(world) == set()


def test_a_sending_that_hangs_delays_no_turn(world: World, monkeypatch: Any) -> None:
    begun, goes_on = threading.Event(), threading.Event()

    def hang(*_given: object) -> Any:
        begun.set()
        goes_on.wait(60)
        raise AssertionError("nobody waits for it")

    made = alert_sending(configured(world, "json://127.0.0.1"))
    assert made is not None
    world.alerts = AlertSending(made.policy, hang)
    world.restart()
    errands = ThreadErrands(lanes={KIND: 1}, lane_of=lambda kind: kind, wake=lambda: None)
    inline = world.daemon._around.errands
    start: Callable[..., bool] = inline.start

    def by_threads(kind: str, subject: str, work: Callable[[], Any]) -> bool:
        return (errands.start if kind == KIND else start)(kind, subject, work)

    monkeypatch.setattr(inline, "start", by_threads)
    world.store.raise_alarm("trouble:raw-video", "no backup", "mend it", world.now)
    world.record_video()
    world.until(world.all_archived)
    assert begun.wait(30)
    goes_on.set()
    errands.close()


def test_a_configuration_without_addresses_tells_nobody(tmp_path: Path) -> None:
    path = tmp_path / "archived.ini"
    path.write_text(
        f"[archived]\nrig = r\n[globus]\nlocal_endpoint_local_path = {tmp_path}/rig\n"
        f"[location:v]\narchive = {tmp_path}/archive\nconventions = tracking-video\n"
    )
    assert alert_sending(config.load(path, {})) is None
