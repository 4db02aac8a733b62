"""Hostile names all the way: through the real daemon into the archive, and back to people in every way there is."""

from __future__ import annotations

import functools
import html.parser
import io
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archived import Archive, clock
from archived.cli import COMMANDS, cli
from archived.core.manifest import parse_manifest
from archived.core.paths import is_utf8, printable
from archived.core.record_json import from_json
from archived.logs import configure, get
from archived.simulator import running
from archived.systemd import Notifier
from tests.cli.rigs import CliRig
from tests.fuzz import typing_all
from tests.fuzz.nasty import NASTY, on_this_disk, steering

pytestmark = pytest.mark.timeout(
    300
)  # a whole rig and its archive are made first, perhaps on a busy machine

RIG = "c40e971d-0075-4a82-b12f-8f9717762e7b"
ARCHIVE = "5b875fda-4185-11e8-bb52-0ac6873fc732"

SETTINGS = """\
[archived]
rig = rig-1
store = {base}/state/archived.db
quiet_time = 0s
rescan = 1s
tick = 0.1s
h2o = [^/_]{{1,200}}

[globus]
local_endpoint_local_path = {base}/rig
{globus}

[transfer]
poll = 0.2s
batch_wait = 0s
retry_first = 0.2s
retry_longest = 1s

[location:raw-ephys]
archive = {archive}
conventions = catgt, any

[convention:any]
path = any/{{name}}
finished = quiet

[subjects]
file = {base}/subjects.csv
"""
READ_ONLY = "writable = no"
GLOBUS = "local_endpoint = {rig}\nlocal_endpoint_subdir = /\nclient_id = {client}"


@dataclass
class World:
    """A rig full of such names after the daemon has been through with it."""

    rig: CliRig
    log: str
    code: int
    made: dict[str, bytes]
    """What was put on the disk, by path."""

    @functools.cached_property
    def names(self) -> list[str]:
        """The datasets as the program prints them. Nothing adds to them once the daemon is through."""
        return [each["name"] for each in self.rig.json("list")]


def folders_of(root: Path) -> list[str]:
    """For each nasty name a dataset with it wherever it may stand, one that is none, and files of such names."""
    folders = []
    for name in NASTY:
        if not on_this_disk(str(root), name):
            continue
        short = name[:60]
        if len(folders) % 2:
            folders.append(f"any/{name}")
            continue
        folders += [
            f"{short.replace('_', '-')}/catgt_{short.replace('_', '-')}_022319_{short}_g0",
            *([f"SC9_{short}_g0"] if len(folders) % 4 == 0 else []),
        ]
    return folders


def populate(root: Path) -> dict[str, bytes]:
    """Put them on the disk, each with a few files."""
    made = {}
    for number, folder in enumerate(folders_of(root)):
        name = NASTY[number % len(NASTY)]
        for file in (name, f"{name[:100]}.txt"):
            path, content = f"{folder}/{file}", f"{number} {file}".encode("utf-8", "surrogatepass")
            place = root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            made[path] = content
    return made


def told(name: str) -> str:
    """How `--json` gives a name."""
    return name if is_utf8(name) else printable(name)


def daemon(rig: CliRig, environment: Mapping[str, str], *words: str) -> tuple[int, str]:
    """Run the real daemon until there is nothing left to do."""
    done = subprocess.run(
        [sys.executable, "-m", "archived", "-c", str(rig.configuration), "--until-idle", *words],
        env={**os.environ, **environment},
        stderr=subprocess.PIPE,
        check=False,
        timeout=100,
    )
    return done.returncode, done.stderr.decode("utf-8", "surrogateescape")


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The archive is a directory."""
    base = tmp_path_factory.mktemp("local")
    rig = CliRig(base, now=clock.now())
    rig.configuration.write_text(
        SETTINGS.format(base=base, globus=READ_ONLY, archive=base / "archive" / "ephys")
    )
    lines = [f'"{at}","{name}","{name[:20]}"' for at, name in enumerate(NASTY) if '"' not in name]
    (base / "subjects.csv").write_bytes(
        "\n".join(["subject_id,h2o,note", *lines]).encode("utf-8", "surrogateescape")
    )
    made = populate(rig.root)
    code, log = daemon(rig, {}, "--log-format", "json")
    return World(rig, log, code, made)


@pytest.fixture(scope="module")
def globus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The archive is a collection of the simulated Globus."""
    base = tmp_path_factory.mktemp("globus")
    rig = CliRig(base, now=clock.now())
    made = populate(rig.root)
    (base / "subjects.csv").write_text("subject_id,h2o\n")
    with running({RIG: rig.root, ARCHIVE: base / "archive"}) as service:
        rig.configuration.write_text(
            SETTINGS.format(
                base=base,
                globus=GLOBUS.format(rig=RIG, client=service.client_id),
                archive=f"{ARCHIVE}:/ephys",
            )
        )
        secret = {"ARCHIVED_GLOBUS_CLIENT_SECRET": service.client_secret}
        code, log = daemon(rig, {**service.environment, **secret}, "--log-format", "console")
        yield World(rig, log, code, made)


# -- the way in --------------------------------------------------------------------------------------------------


def test_every_hostile_name_is_archived_or_refused_with_a_reason(local: World) -> None:
    status = local.rig.json("status")
    folders = {os.path.dirname(path) for path in local.made}
    archived = {each["name"] for each in local.rig.json("list", "--state", "archived")}
    explained = {each["path"] for each in status["unrecognised"]}

    assert local.code in (0, 3), local.log[-3000:]
    for folder in folders:
        if told(f"raw-ephys/{folder}") not in archived:
            view = local.rig.json("why", str(local.rig.root / folder))
            assert view["reason"], folder
            assert view["recognised"] is False or view["state"] != "archived"
    assert len(archived) > len(folders) // 2
    assert explained


def test_what_is_archived_has_its_very_name_and_content(local: World) -> None:
    archive = local.rig.base / "archive" / "ephys"
    arrived = {
        os.fsdecode(os.path.relpath(path, archive)): path.read_bytes()
        for path in archive.rglob("*")
        if path.is_file() and ".archived" not in path.parts
    }

    assert len(arrived) > 100
    assert arrived.items() <= local.made.items()


def test_through_globus_names_arrive_or_are_told_of(globus: World) -> None:
    archive = globus.rig.base / "archive" / "ephys"
    arrived = {
        os.fsdecode(os.path.relpath(path, archive)): path.read_bytes()
        for path in archive.rglob("*")
        if path.is_file() and ".archived" not in path.parts
    }
    refused = [each for each in globus.rig.json("list") if each["state"] != "archived"]

    assert globus.code in (0, 3), globus.log[-3000:]
    assert arrived.items() <= globus.made.items()
    assert len(arrived) > 100
    assert all(each["reason"] for each in refused)


# -- the archive's own records -------------------------------------------------------------------------------------


def test_the_archives_own_records_give_every_name_back(local: World) -> None:
    own = local.rig.base / "archive" / "ephys" / ".archived" / "v1"
    records = list(own.rglob("record.json"))

    assert len(records) > 60
    for path in records:
        record = from_json(path.read_bytes())
        assert record.path == os.fsdecode(os.path.relpath(path.parent, own))
        assert {each.path for each in record.files} <= set(local.made)
        manifest = parse_manifest(path.with_name("manifest-sha256.txt").read_bytes())
        assert set(manifest) == {each.path for each in record.files}


def test_sha256sum_reads_every_manifest(local: World) -> None:
    archive = local.rig.base / "archive" / "ephys"
    manifests = sorted(archive.glob(".archived/v1/**/manifest-sha256.txt"))
    whole = b"".join(path.read_bytes() for path in manifests)

    done = subprocess.run(
        ["sha256sum", "--strict", "--quiet", "-c", "-"],
        input=whole,
        cwd=archive,
        capture_output=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, b""), done.stderr[-2000:]
    assert whole.count(b"\n") > 100


# -- logs ------------------------------------------------------------------------------------------------------------


def test_each_event_of_the_real_log_is_one_line_of_json(local: World) -> None:
    lines = local.log.removesuffix("\n").split("\n")

    assert len(lines) > 100
    assert steering(local.log) == set()
    for line in lines:
        entry = json.loads(line)
        assert {"timestamp", "level", "event"} <= entry.keys()


def test_each_event_of_the_real_log_is_one_line_of_the_console(globus: World) -> None:
    lines = globus.log.removesuffix("\n").split("\n")

    assert steering(globus.log) == set()
    assert all(re.match(r"\d\d:\d\d:\d\d (info|warning|error) ", line) for line in lines)


@pytest.mark.parametrize("format", ["json", "console", "journal"])
def test_each_event_is_one_line_whatever_is_in_it(format: Any) -> None:
    stream, sent = io.StringIO(), list[Mapping[str, str]]()
    configure(format, stream=stream, send=sent.append)
    for name in NASTY:
        try:
            raise OSError(2, name, name)
        except OSError as error:
            get().info(
                name, **{"path": name, name: name}, deep={name: [name, {name}]}, exc_info=error
            )
    get().warning("long", reason="\x1b" * 100_000)

    shown = (
        stream.getvalue() if format != "journal" else "\n".join(each["MESSAGE"] for each in sent)
    )
    assert len(shown.split("\n")) - (format != "journal") == len(NASTY) + 1
    assert steering(shown) == set()
    for entry in sent:
        assert all(re.fullmatch("[A-Z_][A-Z0-9_]{0,63}", key) for key in entry)
        assert all("\n" not in value and not steering(value) for value in entry.values())


def test_systemd_is_told_one_line_whatever_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    door = type("door", (), {"notify": staticmethod(told.append)})
    monkeypatch.setattr("archived.systemd._import", lambda _module: door)
    notifier = Notifier({"NOTIFY_SOCKET": "/run/x"})
    for name in NASTY:
        notifier.status(name)
        notifier.ready(name)

    assert all(each.removeprefix("READY=1\n").startswith("STATUS=") for each in told)
    assert not steering("".join(told))
    assert all(each.count("\n") == each.startswith("READY=1") for each in told)


# -- the ways of showing -----------------------------------------------------------------------------------------------

SHOW = ["{name}"]
WAYS: Mapping[str, list[list[str]]] = {
    "status": [[]],
    "rigs": [[]],
    "list": [[], ["{name}"], ["--state", "archived"], ["--h2o", "{h2o}"], ["*{part}*"]],
    "show": [SHOW, ["{name}x"]],
    "record": [SHOW],  # its manifest is below: names are in it as they are
    "why": [["{path}"], ["{path}/x"], ["{raw}"]],
    "events": [[], SHOW],
    "init": [
        [
            "--yes",
            "--offline",
            "--force",
            "-o",
            "{away}/init.ini",
            "--root",
            "{away}",
            "--location",
            "raw-ephys={raw}",
        ]
    ],
    "check": [["--offline"]],
    "publish": [[]],
    "discover": [[], ["{name}"], ["--dry-run"]],
    "retrieve": [
        ["{name}", "--dry-run", "--to", "{away}"],
        ["--all", "--dry-run", "--to", "{away}{raw}"],
    ],
    "verify": [[], SHOW, ["--deep", "{name}"]],
    "retry": [["{name}", "--dry-run"], ["{raw}"]],
    "hold": [["{name}", "--dry-run"], ["{raw}"]],
    "release": [["{name}", "--dry-run"], ["{raw}"]],
    "accept": [["{name}", "--dry-run"], ["{raw}"]],
    "subjects": [
        ["list"],
        ["add", "{raw}", "{raw}"],
        ["remove", "{raw}"],
        ["import", "{csv}", "--dry-run"],
    ],
    "pause": [["--why", "{raw}"]],
    "resume": [[]],
    "login": [["--collection", "{raw}"]],
    "logout": [[]],
    "whoami": [[]],
    "import-config": [["{old}", "-o", "{away}/new.ini", "--force"], ["{raw}"]],
    "datajoint": [["check"], ["sync"]],
    "metrics": [[], ["--host", "{raw}", "--port", "0"]],
    "web": [["--host", "{raw}", "--port", "0"], ["--rig", "{raw}", "--port", "0"]],
    "alerts": [["test"], ["stopped", "{raw}"]],
    "simulate": [["--collection", "{raw}={raw}"]],
    "completion": [["{raw}"], ["bash"]],
    "backup": [["{away}/{raw}"]],
    "restore": [["{away}/{raw}"]],
}
"""What is typed at each command; `{raw}` is a hostile text as it is."""


def test_every_command_has_its_row() -> None:
    assert {row.name for row in COMMANDS} <= set(WAYS)


def typed(world: World, command: str, words: list[str], number: int) -> list[str]:
    """One command line, with one of the names in it."""
    names = world.names
    name, raw = names[number % len(names)], NASTY[number % len(NASTY)]
    away = world.rig.base / "away"
    away.mkdir(exist_ok=True)
    (away / "old.json").write_text(json.dumps({raw: raw, "custom": {"globus.local_endpoint": raw}}))
    values = {
        "name": name, "raw": raw, "h2o": raw, "part": raw[:5], "away": str(away), "csv": str(world.rig.base / "subjects.csv"),
        "old": str(away / "old.json"), "path": str(world.rig.root / list(world.made)[number % len(world.made)]),
    }  # fmt: skip
    return [
        command,
        *(re.sub(r"\{(\w+)\}", lambda found: values[found[1]], each) for each in words),
    ]


SLOW = ("discover", "verify", "publish")
"""They look at everything each time."""


@pytest.mark.parametrize("command", [row.name for row in COMMANDS])
def test_no_command_prints_what_steers_a_terminal(local: World, command: str) -> None:
    seen = []
    for number in range(3, len(NASTY), 60 if command in SLOW else 40):
        for words in WAYS[command]:
            line = typed(local, command, words, number)
            if line in seen:  # no name is in it
                continue
            seen.append(line)
            result = local.rig.type(*line)
            assert steering(result.stdout + result.stderr) == set(), line
            if not takes_json(command, words):
                continue
            result = local.rig.type(*line, "--json")
            assert steering(result.stdout + result.stderr) == set(), line
            assert result.stdout.isascii()
            for document in documents(result.stdout):
                assert document is not None


def takes_json(command: str, words: list[str]) -> bool:
    """Whether the command has `--json`; asked of the command itself, so that a new one is asked too."""
    found: Any = cli.get_command(None, command)  # type: ignore[arg-type]
    if hasattr(found, "commands"):
        found = found.commands[words[0]]
    assert found is not None
    return any("--json" in parameter.opts for parameter in found.params)


def documents(text: str) -> Iterator[Any]:
    """The JSON documents in an output: one, or one in each line."""
    decoder, rest = json.JSONDecoder(), text.strip()
    while rest:
        document, end = decoder.raw_decode(rest)
        yield document
        rest = rest[end:].strip()


def test_every_name_can_be_typed_as_it_was_printed(local: World) -> None:
    for name in local.names[::7]:
        assert local.rig.json("show", name)["name"] == name


def test_json_tells_names_so_that_the_disk_knows_them(local: World) -> None:
    """As `docs/json.md` has it: valid text as it is, anything else as it is printed."""
    folders = {os.path.dirname(path) for path in local.made}

    assert len(local.names) > 60
    assert set(local.names) <= {told(f"raw-ephys/{each}") for each in folders}


@pytest.mark.parametrize("columns", [20, 200])
def test_a_terminal_of_any_width_gets_nothing_but_colours(local: World, columns: int) -> None:
    words = [sys.executable, "-m", typing_all.__name__, str(local.rig.configuration)]
    *pages, _ = on_a_terminal(words, columns).split(typing_all.END)

    assert len(pages) == len(typing_all.COMMANDS)
    for command, page in zip(typing_all.COMMANDS, pages, strict=True):
        assert page.strip(), command
        assert steering(page, terminal=True) == set(), command


def on_a_terminal(words: list[str], columns: int) -> str:
    """What a program writes to a real terminal."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "LINES": "24", "TERM": "xterm-256color"}
    with subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, env=environment):
        os.close(theirs)
        content = bytearray()
        while True:
            try:
                piece = os.read(ours, 1 << 16)
            except OSError:  # the other side was closed
                break
            if not piece:
                break
            content += piece
    os.close(ours)
    return content.decode("utf-8", "surrogateescape")


def test_a_manifest_is_as_it_is_in_a_pipe_and_escaped_on_a_terminal(local: World) -> None:
    folder = next(name for name in local.made if name.startswith("\x1b[2J"))
    name = f"raw-ephys/{os.path.dirname(folder)}"
    words = [*local.rig.program, "record", name, "--manifest"]
    piped = subprocess.run(words, capture_output=True, check=True).stdout

    assert os.fsencode(folder) in piped
    assert not steering(on_a_terminal(words, 80), terminal=True)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_offers_nothing_that_steers_a_shell(
    local: World,
    shell: str,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    monkeypatch.setenv("_ARCHIVEDCTL_COMPLETE", f"{shell}_complete")
    monkeypatch.setenv("ARCHIVED_CONFIG", str(local.rig.configuration))
    monkeypatch.setenv("COMP_WORDS", "archivedctl show raw-ephys/")
    monkeypatch.setenv("COMP_CWORD", "raw-ephys/" if shell == "fish" else "2")

    with pytest.raises(SystemExit):
        cli.main([], "archivedctl")

    shown = capsysbinary.readouterr().out
    assert b"raw-ephys/" in shown
    assert steering(shown.decode("utf-8", "surrogateescape").replace("\t", " ")) == set()


# -- notebooks ----------------------------------------------------------------------------------------------------------


class Page(html.parser.HTMLParser):
    """The tags and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_a_notebook_shows_names_and_runs_none(local: World) -> None:
    with Archive(local.rig.configuration) as archive:
        for name in local.names[::9]:
            for query in (
                archive.datasets & {"dataset_name": name},
                archive.files & {"dataset_name": name},
            ):
                page = Page(query._repr_html_())
                assert page.tags <= {"table", "thead", "tbody", "tr", "th", "td", "b", "p"}
                assert not steering("".join(page.texts))
                assert not steering(repr(query))
        frame = archive.files.to_pandas()
        assert len(frame) == len(archive.files)
        names = {row["dataset_name"] for row in archive.datasets}
    assert len(names) == len(local.names)


def test_a_listing_of_a_thousand_columns_and_reasons_of_many_pages_are_shown(local: World) -> None:
    long = "\x1b[31m" * 15_000
    with local.rig.store() as store:
        store.raise_alarm("test", long, long, local.rig.now)
    try:
        for words in (["status"], ["status", "--json"], ["check", "--offline"]):
            result = local.rig.type(*words)
            assert steering(result.stdout + result.stderr) == set()
    finally:
        with local.rig.store() as store:
            store.clear_alarm("test")
