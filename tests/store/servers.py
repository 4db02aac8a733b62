"""Real database servers for tests: PostgreSQL and MariaDB, each in a temporary folder, on a loopback port."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

USER = "archived"
"""The owner of every database; it needs no password."""

SHARED = "shared"
"""Creating a database takes longer than most tests, so most of them share one."""

START_WITHIN = 60.0
"""Seconds; a server starts within one, on a machine that is not busy."""


class Server(ABC):
    """A database server of one's own, that may be stopped and started again with what it holds."""

    kind: str
    packages: str
    """What to install for it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.settings: list[str] = []
        """More words for `command`."""

    @classmethod
    @abstractmethod
    def programs(cls) -> Path | None:
        """The folder of its programs; None where they are not installed."""

    @abstractmethod
    def create(self) -> None:
        """Make its data folder."""

    @abstractmethod
    def command(self) -> list[str]:
        """What runs it in the foreground."""

    @abstractmethod
    def connect(self, database: str | None = None) -> Any:
        """A connection of its owner, which commits every statement by itself."""

    @abstractmethod
    def where(self, connection: Any) -> str:
        """The data folder of the server that a connection leads to."""

    @abstractmethod
    def address(self, database: str, port: int | None = None) -> str:
        """The address of a database; through another port where a proxy serves it."""

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), cwd=self.folder, stdout=log, stderr=log, **_somebody(self.user())
            )
        pause = threading.Event()
        for _ in range(int(START_WITHIN / 0.05)):
            assert self.process.poll() is None, (self.folder / "log").read_text()[-3000:]
            try:
                with closing(self.connect()) as connection:
                    where = self.where(connection)
            except Exception:  # noqa: BLE001 - each driver has its own, and not one of them matters
                pause.wait(0.05)
                continue
            if Path(where) == self.data:
                return
            # Somebody else's, who got the port first: this one is about to end, and says so.
            pause.wait(0.05)
        raise AssertionError((self.folder / "log").read_text()[-3000:])

    @abstractmethod
    def user(self) -> str:
        """Who runs it where root may not."""

    def stop(self) -> None:
        """Stop it at once, as a power failure does; what was committed is there when it starts again."""
        if self.process is not None:
            self.process.send_signal(self.sudden)
            self.process.wait(60)
            self.process = None

    sudden = signal.SIGKILL

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """While the block lasts it answers nothing, and breaks no connection either."""
        try:
            self._signal_all(signal.SIGSTOP)
            yield
        finally:
            self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: signal.Signals) -> None:
        """To the server, and then to the processes that it started for connections, which may end meanwhile."""
        assert self.process is not None
        pid = self.process.pid
        os.kill(pid, number)
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for child in map(int, children):
            with suppress(ProcessLookupError):
                os.kill(child, number)

    def execute(self, *statements: str, database: str | None = None) -> None:
        """Run statements as the owner of the server."""
        with closing(self.connect(database)) as connection:
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(statement)

    def new_database(self, name: str) -> str:
        """Make an empty database and return its address."""
        self.execute(f"CREATE DATABASE {name}")
        return self.address(name)

    @abstractmethod
    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""

    def empty(self, name: str, tables: Sequence[str]) -> None:
        """Delete all rows of tables, the last table first."""
        self.execute(*(f"DELETE FROM {each}" for each in reversed(tables)), database=name)

    @abstractmethod
    def cut(self, database: str) -> None:
        """End every connection to a database, and wait until it has ended."""

    @abstractmethod
    def serve_tls(self, certificate: Path, key: Path) -> None:
        """Offer TLS from the next start on; the files are below its folder."""


class Postgres(Server):
    """PostgreSQL."""

    kind = "postgresql"
    packages = "postgresql"
    sudden = signal.SIGQUIT
    """Its processes share memory: the others would outlive one that is killed."""

    @classmethod
    def programs(cls) -> Path | None:
        """Distributions keep them off the path."""
        on_path = shutil.which("initdb")
        if on_path:
            return Path(on_path).resolve().parent
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        return found[-1].parent if found else None

    def user(self) -> str:
        """See `Server.user`."""
        return "postgres"

    def create(self) -> None:
        """See `Server.create`."""
        words = ["-D", str(self.data), "-A", "trust", "-U", USER, "-E", "UTF8", "-N"]
        _run(self, f"{self.programs()}/initdb", *words)

    def command(self) -> list[str]:
        """See `Server.command`."""
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.folder,
            "fsync": "off",
            "full_page_writes": "off",
            "max_connections": 60,
        }
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [f"{self.programs()}/postgres", "-D", str(self.data), *words, *self.settings]

    def connect(self, database: str | None = None) -> Any:
        """See `Server.connect`."""
        import psycopg

        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=USER,
            dbname=database or "postgres",
            autocommit=True,
        )

    def where(self, connection: Any) -> str:
        """See `Server.where`."""
        return str(connection.execute("SHOW data_directory").fetchone()[0])

    def address(self, database: str, port: int | None = None) -> str:
        """See `Server.address`."""
        return f"postgresql://{USER}@127.0.0.1:{port or self.port}/{database}"

    def drop_database(self, name: str) -> None:
        """See `Server.drop_database`."""
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def cut(self, database: str) -> None:
        """See `Server.cut`."""
        self.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            f"WHERE datname = '{database}' AND pid <> pg_backend_pid()"
        )

    def serve_tls(self, certificate: Path, key: Path) -> None:
        """See `Server.serve_tls`."""
        self.settings += ["-c", "ssl=on", "-c", f"ssl_cert_file={certificate}"]
        self.settings += ["-c", f"ssl_key_file={key}"]


class MariaDb(Server):
    """MariaDB."""

    kind = "mysql"
    packages = "mariadb-server"

    @classmethod
    def programs(cls) -> Path | None:
        """One is enough to know where they are."""
        path = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
        found = shutil.which("mariadbd", path=path)
        return Path(found).parent if found and shutil.which("mariadb-install-db") else None

    def user(self) -> str:
        """See `Server.user`."""
        return "mysql"

    def create(self) -> None:
        """See `Server.create`."""
        (self.folder / "grants.sql").write_text(
            f"CREATE USER IF NOT EXISTS '{USER}'@'127.0.0.1';\n"
            f"GRANT ALL ON *.* TO '{USER}'@'127.0.0.1' WITH GRANT OPTION;\n"
        )
        words = ["--no-defaults", *self._places(), "--skip-test-db", "--cross-bootstrap"]
        _run(self, "mariadb-install-db", *words)

    def _places(self) -> tuple[str, str]:
        """Its folders. One that starts removes what it takes for its own from the folder for temporary tables."""
        return f"--datadir={self.data}", f"--tmpdir={self.folder}"

    def command(self) -> list[str]:
        """See `Server.command`."""
        return [
            f"{self.programs()}/mariadbd",
            "--no-defaults",
            *self._places(),
            f"--socket={self.folder}/socket",
            f"--pid-file={self.folder}/pid",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            f"--init-file={self.folder}/grants.sql",
            "--innodb-flush-log-at-trx-commit=2",
            "--innodb-flush-method=nosync",
            "--innodb-buffer-pool-size=64M",
            "--skip-log-bin",
            # What a server of long ago may be set to, so that nothing relies on the defaults of today.
            "--character-set-server=latin1",
            "--collation-server=latin1_german1_ci",
            "--default-storage-engine=MyISAM",
            "--sql-mode=",
            *self.settings,
        ]

    def connect(self, database: str | None = None) -> Any:
        """See `Server.connect`."""
        import pymysql

        return pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user=USER,
            database=database,
            autocommit=True,
            # Otherwise every authority that the machine trusts is read first, at each connection.
            ssl_disabled=True,
        )

    def where(self, connection: Any) -> str:
        """See `Server.where`."""
        cursor = connection.cursor()
        cursor.execute("SELECT @@datadir")
        return str(cursor.fetchone()[0])

    def address(self, database: str, port: int | None = None) -> str:
        """See `Server.address`."""
        return f"mysql://{USER}@127.0.0.1:{port or self.port}/{database}"

    def drop_database(self, name: str) -> None:
        """See `Server.drop_database`."""
        self.cut(name)
        self.execute(f"DROP DATABASE {name}")

    def cut(self, database: str) -> None:
        """See `Server.cut`."""
        find = "SELECT id FROM information_schema.processlist WHERE db = %s"
        with closing(self.connect()) as connection:
            cursor = connection.cursor()
            pause = threading.Event()
            while cursor.execute(find, (database,)):
                for (number,) in cursor.fetchall():
                    _kill(cursor, number)
                pause.wait(0.02)

    def serve_tls(self, certificate: Path, key: Path) -> None:
        """See `Server.serve_tls`."""
        self.settings += [f"--ssl-cert={certificate}", f"--ssl-key={key}"]


def _kill(cursor: Any, number: int) -> None:
    import pymysql

    try:
        cursor.execute(f"KILL {number}")
    except pymysql.err.OperationalError as error:
        if error.args[0] != 1094:  # it ended by itself
            raise


SERVERS: dict[str, type[Server]] = {each.kind: each for each in (Postgres, MariaDb)}


def require(kind: str) -> None:
    """Skip what cannot be tried on this machine; fail where it has to be tried."""
    server = SERVERS[kind]
    if server.programs() is not None:
        return
    words = f"no {server.__name__} server is installed (apt-get install {server.packages}): not tried on it"
    if os.environ.get("CI"):
        pytest.fail(words, pytrace=False)
    pytest.skip(words)


@contextmanager
def running(
    kind: str, prepare: Callable[[Server], object] = lambda server: None
) -> Iterator[Server]:
    """Run a server until the block ends; nothing of it is left. `prepare` is called before it starts."""
    require(kind)
    folder = Path(tempfile.mkdtemp(prefix="archived-db-"))
    server = SERVERS[kind](folder)
    somebody = _somebody(server.user())
    if somebody:
        os.chown(folder, somebody["user"], somebody["group"])
    try:
        server.create()
        prepare(server)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def give(server: Server, path: Path) -> Path:
    """Make a file the server's own, readable by nobody else."""
    path.chmod(0o600)
    somebody = _somebody(server.user())
    if somebody:
        os.chown(path, somebody["user"], somebody["group"])
    return path


def _run(server: Server, *command: str) -> None:
    """Run a program to its end as who runs the server."""
    done = subprocess.run(
        command,
        cwd=server.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        **_somebody(server.user()),
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")


def _somebody(name: str) -> dict[str, Any]:
    """Servers refuse to run as root."""
    if os.geteuid() != 0:
        return {}
    for each in (name, "nobody"):
        try:
            user = pwd.getpwnam(each)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise RuntimeError("nobody to run the server as")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
