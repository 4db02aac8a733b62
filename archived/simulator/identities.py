"""Who there is: the service account, the person, and the names they go by."""

from __future__ import annotations

import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody who can be logged in."""

    id: str
    username: str
    name: str
    email: str | None = None
    organization: str | None = None
    provider: str = "41143743-f3c8-4d60-bbdb-eeecaba85bd9"

    def userinfo(self) -> dict[str, object]:
        """What the userinfo endpoint tells, with the set of identities, of which this is the only one."""
        document: dict[str, object] = {
            "sub": self.id,
            "name": self.name,
            "preferred_username": self.username,
            "email": self.email,
            "organization": self.organization,
            "identity_provider": self.provider,
            "identity_provider_display_name": "Simulated Globus",
            "last_authentication": None,
        }
        member = {
            "sub": self.id,
            "username": self.username,
            "name": self.name,
            "email": self.email,
            "organization": self.organization,
            "identity_provider": self.provider,
            "identity_provider_display_name": "Simulated Globus",
            "last_authentication": None,
        }
        return {**document, "identity_set": [member]}

    def document(self) -> dict[str, object]:
        """What a lookup of identities tells."""
        return {
            "id": self.id,
            "username": self.username,
            "name": self.name,
            "email": self.email,
            "organization": self.organization,
            "identity_provider": self.provider,
            "identity_type": "login",
            "status": "used",
        }


PERSON = Identity(
    id=str(uuid.uuid5(uuid.NAMESPACE_DNS, "person.simulated.globus")),
    username="person@simulated.example.org",
    name="A Person at the Rig",
    email="person@simulated.example.org",
    organization="Simulated University",
)
"""Who logs in when somebody opens the login page."""


def service_account(client_id: str) -> Identity:
    """The identity that a client with a secret is."""
    return Identity(
        id=client_id,
        username=f"{client_id}@clients.auth.globus.org",
        name="Simulated service account",
    )
