"""What the Auth service remembers: clients, codes, tokens, and what each identity consented to."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from globus_sdk.scopes import Scope

from archived.simulator.access import TRANSFER_SCOPE, data_access_scope
from archived.simulator.identities import PERSON, Identity, service_account
from archived.simulator.scopes import paths
from archived.simulator.timing import SimulatedClock

CODE_LIFETIME = timedelta(minutes=10)
REFRESH_LIFETIME = timedelta(days=183)
"""How long a refresh token lives without being used: six months."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """One access token, for one service."""

    value: str
    identity: Identity
    client_id: str
    resource_server: str
    scope: str
    expires: datetime


@dataclass(slots=True)
class RefreshToken:
    """One refresh token, for one service; using it makes it live on."""

    value: str
    identity: Identity
    client_id: str
    resource_server: str
    scope: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class Code:
    """What somebody agreed to on the login page, until the client fetches its tokens."""

    value: str
    identity: Identity
    client_id: str
    redirect_uri: str
    scopes: tuple[Scope, ...]
    challenge: str | None
    offline: bool
    expires: datetime


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent: `path` is the scope with those that lead to it."""

    id: int
    identity: str
    client_id: str
    path: tuple[str, ...]
    created: datetime


class Grants:
    """Everything that was granted. May be used from any thread."""

    def __init__(self, clock: SimulatedClock, clients: dict[str, str]) -> None:
        self.clients = clients
        """The secret of each service account; a client that is not here has none and is a native one."""
        self._clock = clock
        self._lock = threading.RLock()
        self._access: dict[str, AccessToken] = {}
        self._refresh: dict[str, RefreshToken] = {}
        self._codes: dict[str, Code] = {}
        self._consents: list[Consent] = []

    def identity(self, identifier: str) -> Identity | None:
        """Who has this id or this user name, or None."""
        everyone = [PERSON, *map(service_account, self.clients)]
        found = [who for who in everyone if identifier in (who.id, who.username)]
        return found[0] if found else None

    def issue(
        self, identity: Identity, client_id: str, server: str, scope: str, lifetime: int
    ) -> AccessToken:
        """A new access token, `lifetime` seconds long."""
        expires = self._clock.now() + timedelta(seconds=lifetime)
        token = AccessToken(_secret("access"), identity, client_id, server, scope, expires)
        with self._lock:
            self._access[token.value] = token
        return token

    def issue_refresh(
        self, identity: Identity, client_id: str, server: str, scope: str
    ) -> RefreshToken:
        """A new refresh token."""
        expires = self._clock.now() + REFRESH_LIFETIME
        token = RefreshToken(_secret("refresh"), identity, client_id, server, scope, expires)
        with self._lock:
            self._refresh[token.value] = token
        return token

    def access(self, value: str) -> AccessToken | None:
        """The access token, if it is known and has not run out."""
        with self._lock:
            token = self._access.get(value)
        return token if token is not None and token.expires > self._clock.now() else None

    def refresh(self, value: str, client_id: str) -> RefreshToken | None:
        """The refresh token, if it is known, belongs to this client and has not run out."""
        with self._lock:
            token = self._refresh.get(value)
            if token is None or token.client_id != client_id:
                return None
            if token.expires <= self._clock.now():
                return None
            token.expires = self._clock.now() + REFRESH_LIFETIME
            return token

    def revoke(self, value: str) -> None:
        """End one token; one that is not known is as good as ended."""
        with self._lock:
            self._access.pop(value, None)
            self._refresh.pop(value, None)

    def revoke_everything(self, *, also_refresh_tokens: bool = True) -> None:
        """End every login."""
        with self._lock:
            self._access.clear()
            if also_refresh_tokens:
                self._refresh.clear()

    def issue_code(
        self,
        client_id: str,
        redirect_uri: str,
        scopes: Iterable[Scope],
        *,
        challenge: str | None,
        offline: bool,
    ) -> Code:
        """A code for what the person just agreed to."""
        expires = self._clock.now() + CODE_LIFETIME
        value = secrets.token_urlsafe(24)
        code = Code(
            value, PERSON, client_id, redirect_uri, tuple(scopes), challenge, offline, expires
        )
        with self._lock:
            self._codes[code.value] = code
        return code

    def take_code(
        self, value: str, *, client_id: str, redirect_uri: str, verifier: str
    ) -> Code | None:
        """The code, once, if everything about it fits; otherwise None, and it is used up all the same."""
        with self._lock:
            code = self._codes.pop(value, None)
        if code is None or code.expires <= self._clock.now():
            return None
        if (code.client_id, code.redirect_uri) != (client_id, redirect_uri):
            return None
        if code.challenge is not None and code.challenge != challenge_of(verifier):
            return None
        return code

    def consent(self, identity: Identity, client_id: str, scopes: Iterable[Scope]) -> None:
        """Note that an identity lets this client have these scopes, with what they depend on."""
        with self._lock:
            for path in paths(scopes):
                if not self._find(identity.id, client_id, path):
                    number = len(self._consents) + 1
                    made = Consent(number, identity.id, client_id, path, self._clock.now())
                    self._consents.append(made)

    def has_data_access(self, identity: str, collection_id: str) -> bool:
        """Whether an identity lets the Transfer service reach into this mapped collection."""
        wanted = (TRANSFER_SCOPE, data_access_scope(collection_id))
        with self._lock:
            return any(
                consent.identity == identity and consent.path == wanted
                for consent in self._consents
            )

    def withdraw(self) -> None:
        """Forget every consent."""
        with self._lock:
            self._consents.clear()

    def consent_documents(self, identity: str) -> list[dict[str, object]]:
        """The consents of an identity, as the service lists them."""
        with self._lock:
            return [self._document(item) for item in self._consents if item.identity == identity]

    def _find(self, identity: str, client_id: str, path: tuple[str, ...]) -> Consent | None:
        for consent in self._consents:
            if (consent.identity, consent.client_id, consent.path) == (identity, client_id, path):
                return consent
        return None

    def _document(self, consent: Consent) -> dict[str, object]:
        steps = [
            self._find(consent.identity, consent.client_id, consent.path[:length])
            for length in range(1, len(consent.path) + 1)
        ]
        created = consent.created.isoformat()
        return {
            "id": consent.id,
            "client": consent.client_id,
            "scope": str(uuid.uuid5(uuid.NAMESPACE_URL, consent.path[-1])),
            "scope_name": consent.path[-1],
            "dependency_path": [step.id for step in steps if step is not None],
            "effective_identity": consent.identity,
            "created": created,
            "updated": created,
            "last_used": created,
            "status": "approved",
            "allows_refresh": True,
            "auto_approved": False,
            "atomically_revocable": len(consent.path) > 1,
        }


def challenge_of(verifier: str) -> str:
    """The PKCE challenge (S256) that belongs to a verifier."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _secret(what: str) -> str:
    return f"simulated-{what}-{secrets.token_urlsafe(32)}"
