"""What people write: the configuration, that of map-ephys, units, lists of subjects, addresses, secrets, words typed."""

from __future__ import annotations

import json
import os
import re
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click

from archived.cli.kinds import Day, Duration, Moment
from archived.config import mistakes
from archived.config.assembling import assemble
from archived.config.importing import Import, Wishes, read_document, rig_name
from archived.config.ini import read_ini
from archived.config.kinds import name
from archived.config.mistake import without_password
from archived.config.secrets import CLIENT_SECRET, Secret
from archived.core.subjects import read_csv, why_no_h2o, why_no_subject
from archived.core.template import DEFAULT_H2O
from archived.core.units import format_duration, format_size, parse_duration, parse_size
from archived.errors import ConfigurationError, LoginRequiredError
from archived.store import address as store_address
from archived.store.lab import address as lab_address
from archived.transfer.token_file import StoredToken, TokenFile
from tests.fuzz.target import Shape, Target, safe_to_show

EXAMPLE = Path(__file__).parents[3] / "archived.ini.example"
PASSWORD = "hunter2hunter2"
_IN_ADDRESS = re.compile(
    rf"^(store|address) = [a-z]+://[a-z]*:{PASSWORD}@[a-z.]+[/a-z]*$", re.MULTILINE
)
HOME = {"HOME": "/home/ada"}


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _ini(data: bytes) -> None:
    text = _text(data)
    found = assemble(text, HOME, path="/etc/archived/archived.ini", windows=False)
    assert (found.configuration is None) is bool(found.mistakes)
    # A password that stands elsewhere than in an address, behind a word of no meaning, is not known for one.
    guarded = PASSWORD not in _IN_ADDRESS.sub("", text)
    for mistake in found.mistakes:
        assert safe_to_show(str(mistake))
        assert PASSWORD not in str(mistake) or not guarded, "a password is shown"
    if found.configuration is not None:
        for each in found.configuration.locations:
            assert each.location.root
            for convention in each.conventions:
                convention.recognise("SC011/SC011_022319_g0")


def _environment(data: bytes) -> None:
    """Variables, as `NAME=value` in lines, over a sound file."""
    pairs = (line.partition("=") for line in _text(data).split("\n"))
    environ = {name: value for name, equals, value in pairs if equals and name}
    for mistake in mistakes(SOUND, {**HOME, **environ}):
        assert safe_to_show(str(mistake))


def _example() -> bytes:
    """Every key that there is."""
    lines = EXAMPLE.read_text().splitlines()
    return "\n".join(
        each.removeprefix("; ") for each in lines if "=" in each or "[" in each
    ).encode()


SOUND = """\
[archived]
rig = rig-1
[globus]
local_endpoint_local_path = /data/raw
[location:raw-ephys]
archive = /mnt/nas/ephys
conventions = catgt, spikeglx
[convention:two-photon]
path = {h2o}/{date:%Y-%m-%d}[_{ident}]/2p
finished = quiet
"""

SECOND = f"""\
[archived]
rig = rig-1
store = postgresql://ada:{PASSWORD}@db/archived
quiet_time = 10m
h2o = [A-Z]+\\d+
[globus]
local_endpoint = c40e971d-0075-4a82-b12f-8f9717762e7b
local_endpoint_subdir = map/raw
local_endpoint_local_path = C:\\globus\\raw
[location:a]
archive = 5b875fda-4185-11e8-bb52-0ac6873fc732:/x
conventions = mine
[convention:mine]
path = {{h2o}}/{{date:%Y%m%d}}
    {{a:word}}/{{h2o}}_{{date:%m%d%y}}
finished = sentinel:*.done
file_types = *.tif  two-photon
[datajoint]
address = mysql://ada:{PASSWORD}@db.lab.org
mirror = yes
"""

OLD: dict[str, Any] = {
    "database.host": "db.lab.org:3306", "database.user": "ada", "database.password": PASSWORD, "database.port": 3306,
    "database.prefix": "map_v2_", "database.use_tls": None, "loglevel": "INFO",
    "stores": {}, "custom": {
        "globus.token": f"Ag{PASSWORD}", "globus.local_endpoint": "c40e971d-0075-4a82-b12f-8f9717762e7b",
        "globus.local_endpoint_subdir": "map/raw", "globus.local_endpoint_local_path": "/globus/map/raw",
        "globus.local_endpoints": {"raw-ephys": {"endpoint": "c40e971d-0075-4a82-b12f-8f9717762e7b",
                                                 "endpoint_subdir": "/x", "endpoint_path": "C:\\data"}},
        "globus.storage_locations": [["raw-ephys", "5b875fda-4185-11e8-bb52-0ac6873fc732", "/4Electrode"],
                                     {"alias": "raw-video", "endpoint": "5b875fda-4185-11e8-bb52-0ac6873fc732",
                                      "path": "/v"}],
        "ephys_data_paths": ["/a", "/b"],
    },
}  # fmt: skip


def _old(data: bytes) -> None:
    imported = Import.of(read_document(_text(data))).write(Wishes(rig="rig-1"))
    sections, wrong = read_ini(imported.text)
    assert not wrong, "the file that was made cannot be read"
    assert sections["archived"]["rig"]
    said = imported.text + "".join(f"{each.key} {each.what}" for each in imported.report)
    assert PASSWORD not in said, "a secret is shown"
    mistakes(imported.text, HOME)


def _csv(data: bytes) -> None:
    found = read_csv(data)
    names = [each.h2o for each in found.subjects]
    assert len(set(names)) == len(names)
    for each in found.subjects:
        assert not why_no_subject(each.subject)
        assert not why_no_h2o(each.h2o, DEFAULT_H2O)
        for text in (*each.details, *each.details.values()):
            text.encode()
    for bad in found.bad:
        assert bad.line >= 1
        assert safe_to_show(bad.why)
        assert len(bad.why) < 1200


def _units(data: bytes) -> None:
    text = _text(data)
    assert name(rig_name(text))
    with suppress(ValueError):
        duration = parse_duration(text)
        assert duration >= timedelta(0)
        assert parse_duration(format_duration(duration)) == duration
    with suppress(ValueError):
        size = parse_size(text)
        assert 0 <= size < 2**120
        assert format_size(size)


def _typed(data: bytes) -> None:
    """What is typed for days, moments and durations."""
    text = _text(data)
    for kind in (Day(), Moment(), Duration()):
        with suppress(click.BadParameter):
            kind.convert(text, None, None)


def _address(data: bytes) -> None:
    text = _text(data)
    settings = SimpleNamespace(
        address=text, address_shown=without_password(text), prefix="map_", tls=True, password=lambda: None
    )  # fmt: skip
    for parse in (lambda: store_address.parse(text), lambda: lab_address.parse(settings)):
        refusal, found = "", None
        try:
            found = parse()
        except ConfigurationError as error:
            refusal = str(error)
        if re.fullmatch(rf"[a-z]+://[a-z]*:{PASSWORD}@[^{PASSWORD[0]}]*", text):
            assert PASSWORD not in refusal
        if found is None:
            continue
        if text.count(PASSWORD) == 1 and PASSWORD in (found.password or ""):
            assert PASSWORD not in found.shown
            assert PASSWORD not in repr(found)


class _Folder:
    """A folder for the files that parsers open by themselves."""

    def __init__(self) -> None:
        self._kept = tempfile.TemporaryDirectory()
        self.path = Path(self._kept.name)

    def file(self, name: str, data: bytes) -> Path:
        path = self.path / name
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
        return path


_folder = _Folder()


def _secret(data: bytes) -> None:
    file = _folder.file(CLIENT_SECRET.credential, data)
    found = Secret.found(CLIENT_SECRET, file, {"CREDENTIALS_DIRECTORY": str(file.parent)})
    for each in (found, Secret(CLIENT_SECRET, file=file)):
        read = each.read()
        assert read
        assert read == read.strip()
        assert read not in repr(each) or len(read) < 12


def _token(server: str = "transfer.api.globus.org") -> dict[str, Any]:
    tokens = {"access_token": "AgAA", "expires_at": 1, "refresh_token": "AgBB", "scope": "urn:x"}
    return {"production/abc": {server: tokens}, "test/other": {server: tokens}}


def _tokens(data: bytes) -> None:
    """A file that is spoiled is a login that is damaged; what is read can be logged in with."""
    tokens = TokenFile(
        str(_folder.file("tokens.json", data)), client_id="abc", environment="production"
    )
    renewed = StoredToken("AgCC", 2, "AgBB", "urn:x")
    for each in tokens.read().values():
        assert isinstance(each.expires_at, int)
        assert all(isinstance(t, str) for t in (each.access_token, each.refresh_token, each.scope))
    tokens.renew("transfer.api.globus.org", renewed)
    tokens.replace({"auth.globus.org": renewed})
    assert set(tokens.read()) == {"auth.globus.org"}
    tokens.forget()


TARGETS = (
    Target("ini", _ini, lambda: [SOUND.encode(), SECOND.encode(), _example()], shape=Shape.TEXT,
           tokens=(b"[", b"]", b"=", b";", b"#", b"\n", b"\n    ", b"[location:x]", b"[convention:x]", b"archive = ",
                   b"conventions = ", b"%(x)s", b"~/x", b"C:\\x", b"\x85", b"\xe2\x80\xa8", b"[DEFAULT]")),
    Target("environment", _environment,
           lambda: [b"ARCHIVED_TRANSFER_POLL=10s\nARCHIVED_LOCATION_RAW_EPHYS_ARCHIVE=/x\nARCHIVED_GLOBUS_WRITABLE="],
           shape=Shape.TEXT, tokens=(b"ARCHIVED_", b"GLOBUS_", b"=", b"\n"), longest=4000),
    Target("import-config", _old, lambda: [json.dumps(OLD).encode(), b"{}"], shape=Shape.JSON,
           allowed=(ConfigurationError,), longest=1 << 19),
    Target("subjects-csv", _csv,
           lambda: [b"subject_id,h2o\r\n407513,SC011\r\n407514,dl7\r\n", b'\xef\xbb\xbfh2o;sex;subject_id\n"SC011";F;1\n',
                    b"subject_id\twater_restriction_number\tnote\n1\tSC011\t\"a\nb\"\n2\tSC011\tx\n"],
           shape=Shape.TEXT, tokens=(b",", b";", b"\t", b'"', b'""', b"\r", b"\n", b"subject_id", b"h2o", b"SC011", b"4.07E+05",
                                     b"=1+1", b"\xff\xfe", b"\0")),
    Target("units", _units, lambda: [b"1h30m", b"10 GiB", b"2T", b"3d", b"0", b"1.5h"], allowed=(ValueError,),
           shape=Shape.TEXT, tokens=(b"w", b"d", b"ms", b"K", b"iB", b".", b"-", b"e9", b"\xd9\xa1"), longest=3000),
    Target("typed", _typed, lambda: [b"2026-03-14", b"7d", b"yesterday", b"2h", b"2026-03-14T12:00+01:00", b"0001-01-01"],
           shape=Shape.TEXT, tokens=(b"-", b"T", b"+", b"9999", b"0001", b"24:00", b"\xc2\xb2"), longest=3000),
    Target("address", _address,
           lambda: [f"postgresql://ada:{PASSWORD}@db:5432/archived?sslmode=require".encode(), b"mysql://db/x", b"/var/a.db",
                    f"mysql://a:{PASSWORD}@[::1]:3306/x?ssl_ca=/x".encode()],
           shape=Shape.TEXT, tokens=(b"://", b":", b"@", b"/", b"?", b"#", b"[", b"]", b"%", b"%00", b"&", b"host="),
           longest=3000),
    Target("secret", _secret, lambda: [b"s3cr3ts3cr3t\n", b"\xff\xfe", b" \n"], allowed=(ConfigurationError,), longest=1 << 14),
    Target("tokens", _tokens, lambda: [json.dumps(_token()).encode(), b"{}"], shape=Shape.JSON,
           allowed=(LoginRequiredError,), longest=1 << 19),
)  # fmt: skip
