"""A lab whose DataJoint database is mirrored into, and what a test asks of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Any

from archived.config import DatajointSettings
from archived.core.model import Archive, CollectionArchive
from archived.store import Store
from archived.store.lab import Outcome, Wish, mirror
from tests.lab.environments import Release
from tests.store.servers import USER, Server

COLLECTION = "5b875fda-4185-11e8-bb52-0ac6873fc732"
ARCHIVES: Mapping[str, Archive] = {
    "raw-ephys": CollectionArchive(COLLECTION, "/4ElectrodeRig_Ephys"),
    "raw-video": CollectionArchive(COLLECTION, "/"),
}
CHECK = Wish(change=False)
SYNC = Wish()

Row = tuple[Any, ...]


class Lab:
    """One prefix on one server."""

    DATABASE = "datajoint"

    def __init__(self, server: Server, prefix: str) -> None:
        self.server, self.prefix = server, prefix
        self.backend = server.kind

    @property
    def address(self) -> str:
        """As `[datajoint] address` has it."""
        if self.backend == "mysql":
            return self.server.address("").rstrip("/")
        return self.server.address(self.DATABASE)

    def settings(self, **changes: Any) -> DatajointSettings:
        """Those that fit it."""
        values = {"address": self.address, "tls": False, "prefix": self.prefix}
        return DatajointSettings(**{**values, **changes})

    def mirror(
        self, store: Store, wish: Wish = SYNC, archives: Mapping[str, Archive] = ARCHIVES
    ) -> Outcome:
        """Check or sync."""
        return mirror(store, self.settings(), archives, wish)

    # --- by hand ----------------------------------------------------------------------------------

    def name(self, schema: str, table: str) -> str:
        """A table as statements name it."""
        quote = "`" if self.backend == "mysql" else '"'
        return f"{quote}{self.prefix}{schema}{quote}.{quote}{table}{quote}"

    def execute(self, *statements: str) -> None:
        """Run statements as the owner of the database."""
        database = None if self.backend == "mysql" else self.DATABASE
        self.server.execute(*statements, database=database)

    def rows(self, schema: str, table: str, columns: str = "*") -> list[Row]:
        """All rows of a table, in order."""
        database = None if self.backend == "mysql" else self.DATABASE
        with closing(self.server.connect(database)) as connection:
            cursor = connection.cursor()
            cursor.execute(f"SELECT {columns} FROM {self.name(schema, table)}")
            return sorted(tuple(row) for row in cursor.fetchall())

    def ask(self, statement: str) -> list[Row]:
        """What a query finds."""
        database = None if self.backend == "mysql" else self.DATABASE
        with closing(self.server.connect(database)) as connection:
            cursor = connection.cursor()
            cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchall()]

    def loosen(self) -> None:
        """Take away what keeps the lab from changing `data_set`."""
        if self.backend == "mysql":
            for (name,) in self.ask(
                "SELECT constraint_name FROM information_schema.referential_constraints WHERE "
                f"constraint_schema = '{self.prefix}publication' AND table_name = 'data_set'"
            ):
                self.execute(
                    f"ALTER TABLE {self.name('publication', 'data_set')} DROP FOREIGN KEY `{name}`"
                )

    def refer(self) -> None:
        """A table of the lab's own that refers to every dataset."""
        quote = "`" if self.backend == "mysql" else '"'
        like = (
            "varchar(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
            "varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        )
        alias, name = like if self.backend == "mysql" else ("varchar(32)", "varchar(128)")
        engine = " ENGINE = InnoDB" if self.backend == "mysql" else ""
        table = f"{quote}{self.prefix}lab{quote}.{quote}remark{quote}"
        datasets = self.name("publication", "data_set")
        self.execute(
            f"CREATE TABLE {table} (globus_alias {alias}, dataset_name {name}, FOREIGN KEY (globus_alias, "
            f"dataset_name) REFERENCES {datasets} (globus_alias, dataset_name)){engine}",
            f"INSERT INTO {table} SELECT globus_alias, dataset_name FROM {datasets}",
        )

    def tables(self, schema: str = "publication") -> set[str]:
        """The tables of a schema."""
        database = None if self.backend == "mysql" else self.DATABASE
        with closing(self.server.connect(database)) as connection:
            cursor = connection.cursor()
            cursor.execute(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = %s",
                (self.prefix + schema,),
            )
            return {row[0] for row in cursor.fetchall()}

    def people(
        self,
        animals: Iterable[tuple[int, str]] = ((407513, "SC011"),),
        sessions: Iterable[tuple[int, int, str]] = ((407513, 3, "2019-02-23"),),
    ) -> None:
        """The tables of animals and sessions, as a lab has them."""
        kind = "DATABASE" if self.backend == "mysql" else "SCHEMA"
        quote = "`" if self.backend == "mysql" else '"'
        engine = " ENGINE = InnoDB" if self.backend == "mysql" else ""
        self.execute(
            f"CREATE {kind} {quote}{self.prefix}lab{quote}",
            f"CREATE {kind} {quote}{self.prefix}experiment{quote}",
            f"CREATE TABLE {self.name('lab', 'water_restriction')} (subject_id int PRIMARY KEY, "
            f"water_restriction_number varchar(16)){engine}",
            f"CREATE TABLE {self.name('experiment', 'session')} (subject_id int NOT NULL, session smallint "
            f"NOT NULL, session_date date NOT NULL, PRIMARY KEY (subject_id, session)){engine}",
        )
        self.enter(animals, sessions)

    def enter(
        self,
        animals: Iterable[tuple[int, str]] = (),
        sessions: Iterable[tuple[int, int, str]] = (),
    ) -> None:
        """The lab enters animals and sessions."""
        self.execute(
            *(
                f"INSERT INTO {self.name('lab', 'water_restriction')} VALUES ({subject}, '{h2o}')"
                for subject, h2o in animals
            ),
            *(
                f"INSERT INTO {self.name('experiment', 'session')} VALUES ({subject}, {number}, '{day}')"
                for subject, number, day in sessions
            ),
        )

    # --- with DataJoint itself --------------------------------------------------------------------

    def declare(self, release: Release, **order: Any) -> None:
        """Let DataJoint declare the lab's schemas."""
        usual = {
            "animals": [[407513, "SC011"]],
            "sessions": [[407513, 3, "2019-02-23"]],
            "publication": True,
        }
        release.run("declare", {**self._order(), **usual, **order})

    def read(self, release: Release, **order: Any) -> dict[str, list[dict[str, Any]]]:
        """What a user of DataJoint reads."""
        found: dict[str, list[dict[str, Any]]] = release.run("read", {**self._order(), **order})
        return found

    def _order(self) -> dict[str, Any]:
        return {
            "backend": self.backend,
            "host": "127.0.0.1",
            "port": self.server.port,
            "user": USER,
            "database": self.DATABASE,
            "prefix": self.prefix,
        }
