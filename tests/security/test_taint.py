"""Secrets are planted wherever one can be, real programs run and fail with them, and everything they leave is searched."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from archived.cli import COMMANDS
from archived.simulator import SimulatedGlobus, running
from demo import rig as programs
from tests.cli.globus import ARCHIVE_COLLECTION, RIG_COLLECTION
from tests.forks import Child
from tests.security.taint import World, planted
from tests.store.servers import Server

pytestmark = pytest.mark.timeout(300)

SETTINGS = """\
[archived]
rig = tainted
store = {store}
spool = {base}/rig-collection/spool
quiet_time = 0s
tick = 0.1s
rescan = 1s

[transfer]
poll = 0.2s
batch_wait = 0s
retry_first = 0.2s
retry_longest = 0.5s

[globus]
local_endpoint = {rig}
local_endpoint_subdir = /rig
local_endpoint_local_path = {base}/rig-collection/rig
client_id = {client}
token_file = {base}/state/tokens.json
{globus}

[location:raw-video]
archive = {archive}:/
conventions = tracking-video
{more}
"""

DATASET = "raw-video/SC011/02232019/video"

COMMAND_LINES: dict[str, list[list[str]]] = {
    "status": [["status"]],
    "rigs": [["rigs", "--json"]],
    "list": [["list", "--json"]],
    "show": [["show", DATASET, "--json"]],
    "record": [["record", DATASET]],
    "why": [["why", "{base}/rig-collection/rig/SC011/02232019/video", "--json"]],
    "events": [["events", "--json"]],
    "metrics": [["metrics"]],
    "web": [["web", "--port", "0", "--rig", "nobody's"]],
    "init": [
        [
            "init",
            "--yes",
            "--output",
            "{base}/init.ini",
            "--root",
            "{base}/rig-collection/rig",
            "--location",
            "raw-video={base}/away",
            "--json",
        ]
    ],
    "check": [["check", "--json"]],
    "publish": [["publish", "--json"]],
    "discover": [["discover", "--json"]],
    "retrieve": [["retrieve", DATASET, "--to", "{base}/tmp", "--json"]],
    "verify": [["verify", "--json"]],
    "retry": [["retry", DATASET]],
    "hold": [["hold", DATASET]],
    "release": [["release", DATASET]],
    "accept": [["accept", DATASET]],
    "subjects": [["subjects", "list", "--json"]],
    "pause": [["pause", "--json"]],
    "resume": [["resume", "--json"]],
    "login": [["login", "--json"]],
    "logout": [["logout", "--json"]],
    "whoami": [["whoami", "--json"]],
    "import-config": [["import-config", "{base}/old.json", "--output", "{base}/new.ini", "--json"]],
    "datajoint": [["datajoint", "check", "--json"], ["datajoint", "sync"]],
    "alerts": [["alerts", "test", "--json"], ["alerts", "stopped", "archived.service"]],
    "simulate": [["simulate", "--collection", "nonsense={base}"]],
    "completion": [["completion", "bash"]],
    "backup": [["backup", "{base}/backup.db", "--json"]],
    "restore": [["restore", "{base}/nothing-there.db", "--json"]],
}
"""What is typed of each command. One that is new needs a row here."""


class Tainted(World):
    """A rig whose archive is a collection of the simulated Globus."""

    def __init__(self, base: Path, globus: SimulatedGlobus) -> None:
        super().__init__(base)
        self.globus = globus
        self.secrets["client secret"] = globus.client_secret
        self.configuration = base / "archived.ini"
        self.environment |= {
            name: value
            for name, value in globus.environment.items()
            if name.startswith("GLOBUS_SDK_")
        }
        self.homes |= {base / "state" / "tokens.json", self.configuration}

    def record(self) -> None:
        """Some videos, which are finished."""
        folder = self.base / "rig-collection" / "rig" / "SC011" / "02232019" / "video"
        for _ in programs.tracking_video(folder, "SC011", "side", trials=1, blocks=1):
            pass

    def configure(
        self, store: str, *, client: str = "", globus: str = "", more: str = "", mode: int = 0o600
    ) -> None:
        """Write the configuration."""
        self.private(
            self.configuration,
            SETTINGS.format(
                base=self.base,
                store=store,
                rig=RIG_COLLECTION,
                archive=ARCHIVE_COLLECTION,
                client=client or self.globus.client_id,
                globus=globus,
                more=more,
            ),
        ).chmod(mode)

    def type(self, *words: str, **more: object) -> subprocess.CompletedProcess[bytes]:
        """Type `archivedctl -c … WORDS`."""
        return self.fork("archived.cli", "-c", str(self.configuration), *words, **more)  # type: ignore[arg-type]

    def type_slowly(self, *words: str, **more: object) -> subprocess.CompletedProcess[bytes]:
        """The same as a process of its own, from its very beginning."""
        return self.run("-c", str(self.configuration), *words, **more)  # type: ignore[arg-type]

    def daemon(self, *words: str, **more: object) -> subprocess.CompletedProcess[bytes]:
        """Run the daemon until it is idle, or cannot go on."""
        options = ["-c", str(self.configuration), "--until-idle", *words]
        return self.fork("archived.__main__", *options, **more)  # type: ignore[arg-type]

    def daemon_slowly(self, *words: str, **more: object) -> subprocess.CompletedProcess[bytes]:
        """The same as a process of its own, from its very beginning."""
        options = ["-c", str(self.configuration), "--until-idle", *words]
        return self.run(*options, module="archived", **more)  # type: ignore[arg-type]

    def leaks(self, *more: tuple[str, bytes]) -> list[str]:
        """Every secret that was left anywhere, the tokens that the simulator gave out among them."""
        grants = self.globus.grants
        for number, token in enumerate((*grants._access, *grants._refresh, *grants._codes)):
            # What every simulated token begins with is none of the secret.
            self.secrets[f"token {number}"] = token.rpartition("simulated-")[2].partition("-")[2]
        return self.search(more)


@pytest.fixture
def tainted(tmp_path: Path) -> Iterator[Tainted]:
    base = tmp_path / "world"
    for folder in ("rig-collection/rig", "archive"):
        (base / folder).mkdir(parents=True)
    (base / "archive").rmdir()
    here = {RIG_COLLECTION: base / "rig-collection", ARCHIVE_COLLECTION: tmp_path / "archive"}
    here[ARCHIVE_COLLECTION].mkdir()
    with running(here, client_secret=planted("client secret")) as globus:
        yield Tainted(base, globus)


@pytest.fixture
def password_server(server_of: Callable[[str], Server]) -> Callable[[World, str], str]:
    """Makes a database whose user needs the planted password; returns its address with that."""

    def address(world: World, kind: str) -> str:
        server, password = server_of(kind), world.secret("store password")
        name = f"tainted_{time.monotonic_ns()}"
        if kind == "postgresql":
            hba = server.data / "pg_hba.conf"
            line = f"host all {name} 127.0.0.1/32 scram-sha-256\n"
            hba.write_text(line + hba.read_text())
            server.execute(
                f"CREATE ROLE {name} LOGIN PASSWORD '{password}'",
                "SELECT pg_reload_conf()",
            )
            server.execute(f"CREATE DATABASE {name} OWNER {name}")
        else:
            server.execute(
                f"CREATE DATABASE {name}",
                f"CREATE USER '{name}'@'127.0.0.1' IDENTIFIED BY '{password}'",
                f"GRANT ALL ON {name}.* TO '{name}'@'127.0.0.1'",
            )
        written = quote(password, safe="")
        return f"{kind}://{name}:{written}@127.0.0.1:{server.port}/{name}"

    return address


def dumped(server: Server, database: str) -> tuple[str, bytes]:
    """All that is in a database."""
    if server.kind == "postgresql":
        words = [f"{server.programs()}/pg_dump", "-h", "127.0.0.1", "-U", "archived"]
        words += ["-p", str(server.port), database]
    else:
        words = ["mariadb-dump", "--no-defaults", "-h", "127.0.0.1", "-u", "archived"]
        words += ["--skip-ssl", "-P", str(server.port), database]
    done = subprocess.run(words, capture_output=True, check=True)
    assert b"tainted" in done.stdout
    return f"dump of {database}", done.stdout


def old_file(world: World) -> None:
    """The configuration of map-ephys, with its secrets."""
    document = {
        "database.host": "127.0.0.1",
        "database.user": "ada",
        "database.password": world.secret("old password"),
        "globus.refresh_token": world.secret("old refresh token"),
        "globus.token": world.secret("old token"),
        "globus.local_endpoint": RIG_COLLECTION,
        "globus.local_endpoint_subdir": "/",
        "globus.local_endpoint_local_path": str(world.base / "rig"),
        "custom": {"globus.storage_locations": [["raw-video", ARCHIVE_COLLECTION, "/"]]},
    }
    world.private(world.base / "old.json", json.dumps(document))


def test_every_command_has_a_row() -> None:
    names = {row.name for row in COMMANDS}
    assert names <= COMMAND_LINES.keys()


def test_a_service_account_on_a_shared_store(
    tainted: Tainted,
    password_server: Callable[[World, str], str],
    server_of: Callable[[str], Server],
) -> None:
    store, lab = password_server(tainted, "postgresql"), server_of("mysql")
    secret = tainted.secret_file("client secret", tainted.globus.client_secret)
    password = tainted.secret_file("lab password")
    tainted.record()
    old_file(tainted)
    tainted.configure(
        store,
        globus=f"client_secret_file = {secret}",
        more=f"[datajoint]\naddress = mysql://nobody@127.0.0.1:{lab.port}\n"
        f"password_file = {password}\ntls = no\nmirror = yes\n[subjects]\ndatajoint = yes\n",
    )

    told = [tainted.daemon_slowly("--log-format", "json")]
    told += [tainted.daemon("--log-format", each) for each in ("console", "journal")]
    assert all(b"daemon started" in each.stderr for each in told[:2])
    assert b"Access denied" in told[0].stderr + told[1].stderr + tainted.type("status").stdout
    assert "daemon started" in (tainted.base / "journal").read_text()
    listed = json.loads(tainted.type("list", "--json").stdout)
    assert [(each["name"], each["state"]) for each in listed] == [(DATASET, "archived")]
    for lines in (COMMAND_LINES[row.name] for row in COMMANDS):
        for line in lines:
            tainted.type(*(each.format(base=tainted.base) for each in line))
    tainted.globus.end_logins()
    tainted.type("discover")
    tainted.globus.go_away()
    tainted.type("check")
    tainted.daemon()

    database = store.rpartition("/")[2]
    assert tainted.leaks(dumped(server_of("postgresql"), database)) == []


def test_a_persons_login(tainted: Tainted) -> None:
    globus = tainted.globus
    tainted.configure(f"{tainted.base}/state/archived.db", client=globus.native_client_id)
    tainted.record()

    def browser(said: str) -> str:
        return globus.approve(next(word for word in said.split() if word.startswith("http")))

    assert (
        tainted.type_slowly("login", typed=lambda _said: tainted.secret("wrong code")).returncode
        == 4
    )
    done = tainted.type_slowly("login", typed=browser)
    assert b"Logged in as" in done.stdout
    assert tainted.daemon().returncode == 0
    globus.advance(3 * 86_400)
    assert tainted.type("check").returncode == 0
    globus.end_logins(also_refresh_tokens=False)
    tainted.type("discover", "--json")
    globus.end_logins()
    assert tainted.type("whoami", "--json").returncode == 4
    (tainted.base / "state" / "tokens.json").chmod(0o644)
    assert tainted.type("whoami").returncode == 4
    (tainted.base / "state" / "tokens.json").chmod(0o600)
    tainted.type("logout")

    assert tainted.leaks() == []


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_addresses_and_passwords_that_are_wrong(
    tainted: Tainted, kind: str, password_server: Callable[[World, str], str]
) -> None:
    address = password_server(tainted, kind)
    right, wrong = quote(tainted.secret("store password"), safe=""), tainted.secret("wrong")
    written = quote(wrong, safe="")
    tainted.configure(address.replace(right, written))
    assert b"cannot be used just now" in tainted.type("check", "--json").stdout
    assert tainted.daemon().returncode == 1
    interface(tainted)
    # What else could be written wrongly: tests/config/test_secrets.py.
    tainted.configure(address.replace(right, wrong))
    assert tainted.daemon().returncode == 78
    tainted.configure(address.replace(f":{right}", f"@lab.org:{written}"))
    assert tainted.type("status", "--json").returncode == 1
    tainted.configure(address, mode=0o644)
    assert tainted.type("status").returncode == 78
    tainted.exempt |= {"store password"}
    tainted.configure(f"{tainted.base}/state/x.db")
    variable = {"ARCHIVED_ARCHIVED_STORE": address}
    tainted.daemon("--log-format", "json", environ=variable)
    status = tainted.type_slowly if kind == "postgresql" else tainted.type
    assert status("status", "--json", environ=variable).returncode == 0

    assert tainted.leaks() == []


NOTEBOOK = """\
import sys
from traceback import TracebackException
from archived import Archive

def main():
    try:
        print(repr(Archive(sys.argv[1])))
        print(len(Archive(sys.argv[1]).datasets))
    except Exception as error:
        print(*TracebackException.from_exception(error, capture_locals=True).format())
        return 1
"""
"""An analyst's notebook that shows every local variable of every frame."""


def interface(tainted: Tainted) -> None:
    """Ask from Python, where the store cannot be used."""
    (tainted.base / "fake" / "notebook.py").write_text(NOTEBOOK)
    done = tainted.fork("notebook", str(tainted.configuration))
    assert done.returncode == 1
    for each in (b"cannot be used just now", b"address = Address(", b"servers.py"):
        assert each in done.stdout


@pytest.mark.parametrize(
    ("what", "log"), [("slow work", "json"), ("slow work", "journal"), ("loop", "console")]
)
def test_mistakes_of_the_program_itself(tainted: Tainted, what: str, log: str) -> None:
    secret = tainted.secret_file("client secret", tainted.globus.client_secret)
    tainted.configure(f"{tainted.base}/state/archived.db", globus=f"client_secret_file = {secret}")
    tainted.record()

    def a_while(process: Child) -> None:
        end = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < end:
            text = b"".join(each.read_bytes() for each in tainted.files())
            if text.count(b"nobody thought of [hidden]") > 0:
                process.terminate()
            threading.Event().wait(0.1)

    done = tainted.fork(
        "tests.security.breaking",
        what,
        "-c",
        str(tainted.configuration),
        "--log-format",
        log,
        warnings=True,
        during=a_while,
    )

    said = b"".join(each.read_bytes() for each in tainted.files() if each.suffix != ".db")
    if what == "loop":
        assert done.returncode == 1
        assert b"in the loop: [hidden]" in said
    else:
        for each in (b"in a thread", b"never awaited", b"library says", b"nobody thought of"):
            assert each in said
    assert tainted.leaks() == []


def test_an_abort_with_a_dump_of_the_stack(tainted: Tainted) -> None:
    secret = tainted.secret_file("client secret", tainted.globus.client_secret)
    tainted.configure(f"{tainted.base}/state/archived.db", globus=f"client_secret_file = {secret}")
    tainted.record()

    def abort(process: subprocess.Popen[bytes]) -> None:
        def told() -> bool:
            return any(b"dataset moved" in each.read_bytes() for each in tainted.files())

        end = time.monotonic() + 60
        while not told() and time.monotonic() < end:
            threading.Event().wait(0.1)
        process.send_signal(signal.SIGABRT)

    done = tainted.run(
        "-c",
        str(tainted.configuration),
        module="archived",
        options=["-X", "faulthandler"],
        during=abort,
    )

    assert done.returncode == -signal.SIGABRT
    assert b"Fatal Python error: Aborted" in done.stderr
    assert tainted.leaks() == []


def test_secrets_that_cannot_be_used(tainted: Tainted) -> None:
    bad = {
        "of others": (0o644, tainted.secret("of others").encode()),
        "binary": (0o600, tainted.secret("binary").encode() + b"\xff\xfe"),
        "of two lines": (0o600, tainted.secret("of two lines").encode() + b"\nmore"),
        "refused": (0o600, tainted.secret("refused").encode()),
    }
    for label, (mode, content) in bad.items():
        file = tainted.secret_file(label, "")
        file.write_bytes(content)
        file.chmod(mode)
        tainted.configure(
            f"{tainted.base}/state/archived.db",
            globus=f"client_secret_file = {file}",
            more=f"[datajoint]\naddress = mysql://ada@127.0.0.1:1\npassword_file = {file}\n",
        )
        for words in (["check", "--json"], ["datajoint", "check"]):
            assert tainted.type(*words).returncode != 0, label
    tainted.daemon()
    pasted = tainted.secret("pasted")
    tainted.configure(
        "x", globus=f"client_secret = {pasted}\n{pasted}\nclient_secret_file = /nowhere"
    )
    assert tainted.type("check", "--json").returncode == 78
    environ = {
        "ARCHIVED_GLOBUS_CLIENT_SECRET": tainted.secret("in the environment"),
        "ARCHIVED_DATAJOINT_PASSWORD": tainted.secret("also there"),
    }
    tainted.exempt |= {"in the environment", "also there"}
    tainted.configure(
        f"{tainted.base}/state/archived.db",
        more="[datajoint]\naddress = mysql://ada@127.0.0.1:1\n",
    )
    for words in (["whoami"], ["datajoint", "sync"]):
        assert tainted.type(*words, environ=environ).returncode != 0
    folder = tainted.base / "credentials"
    folder.mkdir()
    for name in ("globus-client-secret", "datajoint-password"):
        tainted.private(folder / name, tainted.secret(f"credential {name}"))
    for words in (["whoami"], ["datajoint", "sync"]):
        given = {"CREDENTIALS_DIRECTORY": str(folder)}
        assert tainted.type(*words, environ=given).returncode != 0

    assert tainted.leaks() == []


def test_taking_over_the_configuration_of_map_ephys(tainted: Tainted) -> None:
    old_file(tainted)
    new, password = tainted.base / "new.ini", tainted.base / "password"
    tainted.homes.add(password)
    words = ["import-config", str(tainted.base / "old.json"), "--output", str(new), "--json"]
    taking = ["--take-token", "--client-id", tainted.globus.native_client_id]

    refused = tainted.fork("archived.cli", *words, *taking, "--password-file", str(password))
    assert refused.returncode == 3
    assert password.read_text().strip() == tainted.secret("old password")
    assert password.stat().st_mode & 0o777 == 0o600
    tainted.fork("archived.cli", *words[:2], "--output", "-")
    tainted.globus.go_away()
    tainted.fork("archived.cli", *words, *taking, "--force")
    (tainted.base / "old.json").write_text(
        (tainted.base / "old.json").read_text().replace("}", "", 1)
    )
    assert tainted.fork("archived.cli", *words, "--force").returncode == 78

    assert tainted.leaks() == []
