"""The network between a store's server and us: who could listen, and who could answer in the server's place."""

from __future__ import annotations

from archived.core.dataclass import dataclass
from archived.store.address import is_local
from archived.store.connection import Door


@dataclass(frozen=True, slots=True)
class Wire:
    """How a connection is guarded."""

    local: bool
    """Whether it never leaves this machine."""
    encrypted: bool
    verified: bool
    """Whether the server had to prove who it is."""

    @property
    def trouble(self) -> str:
        """What is to be said against it; "" for nothing."""
        if self.local or (self.encrypted and self.verified):
            return ""
        if not self.encrypted:
            return "the connection is not encrypted: who listens on the network reads the catalogue, and may answer in the server's place"
        return "the connection is encrypted, but nobody checks that it is the server who answers, and who is told the password"

    @property
    def what_to_do(self) -> str:
        """What a person can do about it."""
        return (
            "say sslmode=verify-full and whom to believe in the address of the store (docs/SHARED-STORE.md)"
            if self.trouble
            else ""
        )


def wire_of(door: Door) -> Wire:
    """How the connection of a door to a server is guarded. Raises `StoreError`."""
    return Wire(is_local(door.address), _is_encrypted(door), _mode(door).startswith("verify"))


def _is_encrypted(door: Door) -> bool:
    if door.kind.name == "postgresql":
        row = door.row("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        return bool(row and row[0])
    row = door.row("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
    return bool(row and row[1])


def _mode(door: Door) -> str:
    if door.kind.name == "postgresql":
        return door.address.parameters.get("sslmode", "prefer")
    return str(door.database.security.mode)
