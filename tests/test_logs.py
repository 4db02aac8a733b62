"""One event is one line, whatever is in it; and no secret gets into it."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from archived import logs
from archived.core.lifecycle import State
from archived.logs.journal import journal_fields
from archived.logs.output import SendToJournal
from archived.logs.render import ConsoleRenderer, render_json
from archived.logs.secrets import redact_fields
from archived.logs.values import plain_fields

HOSTILE = "a\nb\x1b[31m\u202e\udcff\u2028\x00"


@pytest.fixture(autouse=True)
def _leave_no_configuration() -> Iterator[None]:
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root.setLevel(level)
    root.handlers[:] = handlers


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def entries(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def json_log(level: str = "info") -> tuple[Any, io.StringIO]:
    stream = io.StringIO()
    logs.configure("json", level=level, stream=stream)
    return logs.get(), stream


def test_an_event_is_one_json_object_with_its_fields_and_a_time_in_utc() -> None:
    log, stream = json_log()
    log.info("batch submitted", batch="b1", files=3)
    (entry,) = entries(stream)
    assert entry | {"timestamp": ""} == {
        "timestamp": "",
        "level": "info",
        "event": "batch submitted",
        "batch": "b1",
        "files": 3,
    }
    assert datetime.fromisoformat(entry["timestamp"]).utcoffset() == timedelta(0)


def test_values_of_ours_become_plain() -> None:
    log, stream = json_log()
    log.info(
        "dataset moved",
        after=State.READY,
        at=datetime(2026, 1, 2, tzinfo=UTC),
        waited=timedelta(seconds=90),
        path=Path("/data/x"),
        nothing=None,
        rate=float("nan"),
        parts=(1, {"deep": b"\xff"}),
    )
    (entry,) = entries(stream)
    assert entry["after"] == "ready"
    assert entry["at"] == "2026-01-02T00:00:00+00:00"
    assert entry["waited"] == 90.0
    assert entry["path"] == str(Path("/data/x"))
    assert entry["nothing"] is None
    assert entry["rate"] == "nan"
    assert entry["parts"][0] == 1
    assert entry["parts"][1]["deep"].isprintable()


def test_a_structure_that_contains_itself_is_shown_and_ends() -> None:
    log, stream = json_log()
    loop: list[Any] = []
    loop.append(loop)
    log.info("loop", loop=loop)
    assert len(entries(stream)) == 1


def test_a_terminal_gets_the_console_and_a_pipe_gets_json() -> None:
    terminal, pipe = Terminal(), io.StringIO()
    logs.configure(stream=terminal, environ={})
    logs.get().info("daemon started", rig="rig 1")
    logs.configure(stream=pipe, environ={})
    logs.get().info("daemon started", rig="rig 1")
    assert "daemon started" in terminal.getvalue()
    assert 'rig="rig 1"' in terminal.getvalue()
    assert "\x1b[" in terminal.getvalue()
    assert entries(pipe)[0]["event"] == "daemon started"


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colours_are_left_out_where_they_are_not_wanted(environ: dict[str, str]) -> None:
    terminal = Terminal()
    logs.configure(stream=terminal, environ=environ)
    logs.get().error("root unavailable")
    assert "\x1b" not in terminal.getvalue()
    assert "root unavailable" in terminal.getvalue()


def test_below_the_level_nothing_is_written() -> None:
    log, stream = json_log("warning")
    log.info("quiet")
    log.warning("loud")
    assert [entry["event"] for entry in entries(stream)] == ["loud"]


@pytest.mark.parametrize("format", ["json", "console"])
def test_a_hostile_name_stays_on_one_line_without_control_characters(format: logs.Format) -> None:
    stream = io.StringIO()
    logs.configure(format, stream=stream)
    logs.get().info(HOSTILE, path=HOSTILE, many=[HOSTILE], named={HOSTILE: HOSTILE})
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().removesuffix("\n").isprintable()


@given(
    st.dictionaries(
        st.text(max_size=8),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary()),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
            ),
            max_leaves=6,
        ),
        max_size=4,
    )
)
def test_whatever_the_fields_every_renderer_gives_one_printable_line(
    fields: dict[str, Any],
) -> None:
    entry = redact_fields(None, "info", plain_fields(None, "info", {"event": "e", **fields}))
    for render in (render_json, ConsoleRenderer(colours=False)):
        assert render(None, "info", dict(entry)).isprintable()
    for name, value in journal_fields(None, "info", dict(entry)).items():
        assert value.isprintable()
        assert name == name.upper()
        assert name.isascii()


def test_an_exception_is_told_with_its_place_and_its_cause_on_one_line() -> None:
    log, stream = json_log()
    password = "local-variable-value"
    try:
        try:
            raise OSError(f"first\nline {len(password)}")
        except OSError as error:
            raise RuntimeError("second") from error
    except RuntimeError:
        log.exception("tick failed")
    (entry,) = entries(stream)
    assert entry["level"] == "error"
    assert entry["exception"] == "RuntimeError: second"
    assert entry["caused_by"] == ["OSError: first\\nline 20"]
    assert __file__ in entry["traceback"][-1]
    assert "local-variable-value" not in stream.getvalue()


@pytest.mark.parametrize(
    "key",
    [
        "authorization",
        "Authorization",
        "access_token",
        "client_secret",
        "password",
        "refresh_tokens",
    ],
)
def test_a_field_with_a_telling_name_is_hidden(key: str) -> None:
    log, stream = json_log()
    log.info("login", **{key: "abc"}, nested={key: ["abc"]})
    (entry,) = entries(stream)
    assert entry[key] == "[hidden]"
    assert entry["nested"] == {key: "[hidden]"}


def test_the_path_of_a_secret_is_no_secret() -> None:
    log, stream = json_log()
    log.info("login", token_file="/var/lib/archived/tokens.json")
    assert entries(stream)[0]["token_file"] == "/var/lib/archived/tokens.json"


def test_a_known_secret_is_hidden_wherever_it_turns_up() -> None:
    log, stream = json_log()
    logs.hide("s3cret/with+signs")
    try:
        raise ValueError("refused for s3cret/with+signs")
    except ValueError:
        log.exception(
            "s3cret/with+signs",
            url="https://x/?q=s3cret%2Fwith%2Bsigns",
            deep=[{"s3cret/with+signs": 1}],
        )
    assert "s3cret" not in stream.getvalue()
    assert stream.getvalue().count("[hidden]") >= 4


@pytest.mark.parametrize(
    "text",
    [
        "sent Authorization: Bearer TAINTTAINT",
        'headers {"Authorization": "Basic TAINTTAINT"}',
        "refresh_token=TAINTTAINT&grant_type=x",
        "client_secret = 'TAINTTAINT'",
        "cannot reach postgresql://lab:TAINTTAINT@db/archived",
    ],
)
def test_a_secret_inside_a_text_is_hidden(text: str) -> None:
    log, stream = json_log()
    log.info("failed", error=text)
    assert "TAINT" not in stream.getvalue()
    assert "[hidden]" in stream.getvalue()


def test_a_very_short_secret_does_not_black_out_the_log() -> None:
    log, stream = json_log()
    logs.hide("a")
    logs.hide("")
    log.info("a batch")
    assert entries(stream)[0]["event"] == "a batch"


def test_warnings_of_libraries_take_the_same_way() -> None:
    _, stream = json_log()
    logging.getLogger("globus_sdk").warning("retrying %s", "Bearer TAINTTAINT")
    logging.getLogger("globus_sdk").info("not worth a line")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("deprecated", DeprecationWarning, stacklevel=1)
    first, second = entries(stream)
    assert (first["event"], first["library"]) == ("library", "globus_sdk")
    assert first["message"] == "retrying Bearer [hidden]"
    assert "deprecated" in second["message"]


def test_a_wrong_format_in_a_library_is_not_our_crash() -> None:
    _, stream = json_log()
    (ours,) = [each for each in logging.getLogger().handlers if "archived" in type(each).__module__]
    ours.handle(logging.makeLogRecord({"msg": "%d apples", "args": ("no",), "levelno": 40}))
    assert entries(stream)[0]["message"] == "%d apples"


def test_configuring_twice_does_not_write_twice() -> None:
    json_log()
    _, stream = json_log()
    logging.getLogger("library").error("once")
    assert len(entries(stream)) == 1


def journal(send: SendToJournal) -> tuple[Any, io.StringIO]:
    stream = io.StringIO()
    logs.configure("journal", stream=stream, send=send)
    return logs.get(), stream


def test_the_journal_gets_upper_case_fields_a_priority_and_a_message_id() -> None:
    sent: list[dict[str, str]] = []
    log, stream = journal(lambda fields: sent.append(dict(fields)))
    log.error("root unavailable", root="/data", **{"odd-key": 1, "long" * 30: "x"})
    (entry,) = sent
    assert entry["MESSAGE"].startswith("root unavailable: root=/data odd-key=1")
    assert entry["PRIORITY"] == "3"
    assert entry["MESSAGE_ID"] == logs.MESSAGE_IDS["root unavailable"]
    assert entry["ARCHIVED_EVENT"] == "root unavailable"
    assert entry["ARCHIVED_ROOT"] == "/data"
    assert entry["ARCHIVED_ODD_KEY"] == "1"
    assert all(len(name) <= 64 and not name.startswith("_") for name in entry)
    assert stream.getvalue() == ""


def test_an_event_that_nobody_looks_for_has_no_message_id() -> None:
    sent: list[dict[str, str]] = []
    log, _ = journal(lambda fields: sent.append(dict(fields)))
    log.debug("never heard at this level")
    log.info("something small")
    assert ["MESSAGE_ID" in entry for entry in sent] == [False]


def test_without_journald_the_entry_goes_to_the_stream() -> None:
    def away(_fields: object) -> None:
        raise ConnectionRefusedError("no journald")

    log, stream = journal(away)
    log.warning("login required", location="raw")
    assert stream.getvalue() == "login required: location=raw\n"


def test_the_journal_without_a_sender_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="sender"):
        logs.configure("journal", stream=io.StringIO())


def test_every_message_id_is_its_own() -> None:
    ids = list(logs.MESSAGE_IDS.values())
    assert len(set(ids)) == len(ids)
    assert all(len(each) == 32 and int(each, 16) for each in ids)


def test_a_log_that_cannot_be_written_does_not_stop_the_work() -> None:
    stream = io.StringIO()
    logs.configure("json", stream=stream)
    stream.close()
    logs.get().info("into the void")


def test_an_ascii_stream_gets_escapes_instead_of_a_crash() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    logs.configure("console", stream=stream)
    logs.get().info("dataset moved", dataset="Mäuse")
    assert b"dataset=M\\xe4use" in raw.getvalue()


def test_threads_do_not_mix_their_lines(tmp_path: Path) -> None:
    def write(thread: int) -> None:
        for number in range(100):
            logs.get().info("line", thread=thread, number=number, filler="x" * 500)

    with (tmp_path / "log").open("w", encoding="utf-8") as stream:
        logs.configure("json", stream=stream)
        threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    found = {(entry["thread"], entry["number"]) for entry in map(json.loads, lines)}
    assert len(lines) == len(found) == 400


def test_the_log_does_not_bring_what_draws_for_developers() -> None:
    program = "import sys, archived.logs; print([m for m in sys.modules if m.startswith('rich')])"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_what_draws_for_people_can_be_had_after_the_log() -> None:
    program = (
        "import archived.logs, rich.table, archived.logs.library as l; print(l.structlog.dev.rich)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "None"
