"""systemd hears how the daemon is, where it listens; elsewhere there is silence."""

from __future__ import annotations

import os
import socket
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from archived.errors import ConfigurationError
from archived.systemd import Notifier, connected_to_journal, journal_sender


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket that systemd would listen on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        yield listening


@pytest.fixture
def under_systemd(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> socket.socket:
    """As if started by systemd, whether the extra is installed or not: the protocol is one datagram."""
    address = str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    monkeypatch.delenv("WATCHDOG_PID", raising=False)

    def notify(state: str) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaking:
            speaking.sendto(state.encode(), address)
        return True

    package, daemon = types.ModuleType("systemd"), types.ModuleType("systemd.daemon")
    daemon.notify = notify  # type: ignore[attr-defined]
    package.daemon = daemon  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "systemd", package)
    monkeypatch.setitem(sys.modules, "systemd.daemon", daemon)
    return listener


def without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("systemd", "systemd.daemon", "systemd.journal"):
        monkeypatch.setitem(sys.modules, name, None)


def heard(listener: socket.socket) -> str:
    return listener.recv(4096).decode()


def test_without_systemd_nothing_is_said_and_nothing_is_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without_the_package(monkeypatch)
    notifier = Notifier({"WATCHDOG_USEC": "1000000"})
    notifier.ready("up")
    notifier.status("idle")
    notifier.watchdog()
    notifier.reloading(monotonic=1.0)
    notifier.stopping()
    assert not notifier.listening
    assert notifier.watchdog_seconds is None


def test_a_start_that_takes_longer_is_given_more_time(under_systemd: socket.socket) -> None:
    Notifier(os.environ).still_starting()
    assert heard(under_systemd).splitlines() == ["EXTEND_TIMEOUT_USEC=60000000", "WATCHDOG=1"]


def test_under_systemd_without_the_package_the_start_fails_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without_the_package(monkeypatch)
    with pytest.raises(ConfigurationError, match="systemd-python is not installed") as caught:
        Notifier({"NOTIFY_SOCKET": "/run/systemd/notify"})
    assert "pip install 'archived[systemd]'" in caught.value.what_to_do
    assert caught.value.exit_code == 78


def test_the_journal_without_the_package_is_refused_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without_the_package(monkeypatch)
    with pytest.raises(ConfigurationError) as caught:
        journal_sender()
    assert "python3-systemd" in caught.value.what_to_do


def test_ready_comes_with_a_status(under_systemd: socket.socket) -> None:
    notifier = Notifier()
    notifier.ready("3 recordings queued")
    assert notifier.listening
    assert heard(under_systemd) == "READY=1\nSTATUS=3 recordings queued"


def test_status_and_watchdog_and_stopping_are_said_as_systemd_expects(
    under_systemd: socket.socket,
) -> None:
    notifier = Notifier()
    notifier.status("idle")
    notifier.watchdog()
    notifier.stopping("signal")
    assert [heard(under_systemd) for _ in range(3)] == [
        "STATUS=idle",
        "WATCHDOG=1",
        "STOPPING=1\nSTATUS=signal",
    ]


def test_reloading_carries_the_monotonic_time_in_microseconds(under_systemd: socket.socket) -> None:
    Notifier().reloading(monotonic=12.5)
    assert heard(under_systemd) == "RELOADING=1\nMONOTONIC_USEC=12500000"


def test_a_name_in_the_status_cannot_speak_for_us(under_systemd: socket.socket) -> None:
    Notifier().status("archiving SC011\nSTOPPING=1\x1b")
    message = heard(under_systemd)
    assert message.count("\n") == 0
    assert message.isprintable()


def test_the_watchdog_time_is_taken_where_it_is_meant_for_this_process(
    under_systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "120000000")
    assert Notifier().watchdog_seconds == 120.0
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    assert Notifier().watchdog_seconds == 120.0
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid() + 1))
    assert Notifier().watchdog_seconds is None


@pytest.mark.parametrize("usec", ["", "0", "soon", "-5"])
def test_a_watchdog_time_that_is_none_counts_as_none(
    usec: str, under_systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    assert Notifier().watchdog_seconds is None


def test_a_systemd_that_stopped_listening_does_not_stop_the_work(
    under_systemd: socket.socket, tmp_path: Path
) -> None:
    notifier = Notifier()
    (tmp_path / "notify").unlink()
    notifier.watchdog()
    assert notifier.listening


def test_the_journal_is_recognised_by_the_file_it_is(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as log:
        found = os.fstat(log.fileno())
        mine = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
        assert connected_to_journal(log.fileno(), mine)
        assert not connected_to_journal(log.fileno(), {"JOURNAL_STREAM": "1:2"})
        assert not connected_to_journal(log.fileno(), {"JOURNAL_STREAM": "nonsense"})
        assert not connected_to_journal(log.fileno(), {})
    assert not connected_to_journal(99_999, mine)


def test_an_entry_is_sent_field_by_field(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, ...]] = []
    package, journal = types.ModuleType("systemd"), types.ModuleType("systemd.journal")
    journal.sendv = lambda *fields: sent.append(fields)  # type: ignore[attr-defined]
    package.journal = journal  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "systemd", package)
    monkeypatch.setitem(sys.modules, "systemd.journal", journal)
    journal_sender()({"MESSAGE": "a=b", "PRIORITY": "6"})
    assert sent == [("MESSAGE=a=b", "PRIORITY=6")]
