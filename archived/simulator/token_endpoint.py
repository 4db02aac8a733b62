"""The token endpoint: tokens for a service account's secret, for a code, or for a refresh token."""

from __future__ import annotations

import base64
import binascii
import secrets
from urllib.parse import parse_qs

from globus_sdk.scopes import Scope

from archived.simulator.grants import AccessToken, Grants
from archived.simulator.identities import Identity, service_account
from archived.simulator.replies import Call, Json, Reply, json_reply
from archived.simulator.scopes import AUTH, UnknownScopeError, parse, resource_server
from archived.simulator.signing import Signer
from archived.simulator.world import World


class _DeniedError(Exception):
    """An answer of the token endpoint that is an error, as OAuth 2 words it."""

    def __init__(self, status: int, error: str, description: str = "") -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.description = description


class TokenEndpoint:
    """The handler, bound to a world and to what was granted in it."""

    def __init__(self, world: World, grants: Grants, signer: Signer) -> None:
        self._world = world
        self._grants = grants
        self._signer = signer

    def token(self, call: Call) -> Reply:
        """Tokens, for a service account's secret, for a code, or for a refresh token."""
        form = {name: values[-1] for name, values in parse_qs(call.body.decode()).items()}
        try:
            self._fail_by_order(form.get("grant_type", ""))
            match form.get("grant_type"):
                case "client_credentials":
                    document = self._client_credentials(call, form)
                case "authorization_code":
                    document = self._authorization_code(call, form)
                case "refresh_token":
                    document = self._refresh(call, form)
                case _:
                    raise _DeniedError(400, "unsupported_grant_type")
        except _DeniedError as denied:
            return _denied(denied)
        return json_reply(document)

    def _fail_by_order(self, grant_type: str) -> None:
        if self._world.faults.strikes("invalid_client"):
            raise _DeniedError(401, "invalid_client")
        grants = ("authorization_code", "refresh_token")
        if grant_type in grants and self._world.faults.strikes("invalid_grant"):
            raise _DeniedError(400, "invalid_grant")

    def _client_credentials(self, call: Call, form: Json) -> Json:
        identity = service_account(self._confidential_client(call))
        scopes = self._scopes(form.get("scope", ""))
        return self._tokens(call, identity, identity.id, scopes, offline=False)

    def _authorization_code(self, call: Call, form: Json) -> Json:
        client_id = self._any_client(call, form)
        code = self._grants.take_code(
            form.get("code", ""),
            client_id=client_id,
            redirect_uri=form.get("redirect_uri", ""),
            verifier=form.get("code_verifier", ""),
        )
        if code is None:
            raise _DeniedError(401, "invalid_grant")
        document = self._tokens(
            call, code.identity, client_id, list(code.scopes), offline=code.offline
        )
        return {**document, "state": "_default"}

    def _refresh(self, call: Call, form: Json) -> Json:
        """New access tokens. The refresh token comes along again; without it the client would lose it."""
        client_id = self._any_client(call, form)
        token = self._grants.refresh(form.get("refresh_token", ""), client_id)
        if token is None:
            raise _DeniedError(400, "invalid_grant", "The refresh token is unknown or has expired")
        access = self._grants.issue(
            token.identity,
            client_id,
            token.resource_server,
            token.scope,
            self._world.settings.token_lifetime,
        )
        document = {**self._token_document(access), "refresh_token": token.value}
        if "openid" in token.scope.split():
            document["id_token"] = self._id_token(call, token.identity, client_id)
        return {**document, "other_tokens": []}

    def _scopes(self, text: str) -> list[Scope]:
        try:
            scopes = parse(text, self._world.collections)
        except UnknownScopeError as error:
            raise _DeniedError(400, "invalid_scope", f"Unknown Scope: {error}") from error
        if not scopes:
            raise _DeniedError(400, "invalid_scope", "No scope was asked for")
        return scopes

    def _tokens(
        self, call: Call, identity: Identity, client_id: str, scopes: list[Scope], *, offline: bool
    ) -> Json:
        """One token for each service that is asked for: the first on top, the others below it."""
        self._grants.consent(identity, client_id, scopes)
        names: dict[str, list[str]] = {}
        for scope in scopes:
            names.setdefault(resource_server(scope.scope_string), []).append(scope.scope_string)
        documents = []
        lifetime = self._world.settings.token_lifetime
        for server, strings in names.items():
            text = " ".join(strings)
            document = self._token_document(
                self._grants.issue(identity, client_id, server, text, lifetime)
            )
            if offline:
                refresh = self._grants.issue_refresh(identity, client_id, server, text)
                document["refresh_token"] = refresh.value
            documents.append(document)
        first = documents[0]
        if "openid" in names.get(AUTH, []):
            first["id_token"] = self._id_token(call, identity, client_id)
        return {**first, "other_tokens": documents[1:]}

    def _token_document(self, token: AccessToken) -> Json:
        return {
            "access_token": token.value,
            "scope": token.scope,
            "expires_in": self._world.settings.token_lifetime,
            "token_type": "Bearer",
            "resource_server": token.resource_server,
        }

    def _id_token(self, call: Call, identity: Identity, client_id: str) -> str:
        claims = {
            "sub": identity.id,
            "name": identity.name,
            "preferred_username": identity.username,
            "email": identity.email,
            "at_hash": secrets.token_urlsafe(12),
        }
        return self._signer.id_token(
            claims,
            issuer=call.base_url.rstrip("/"),
            audience=client_id,
            # The client compares it with its own clock, which is the real one.
            now=self._world.clock.real(),
            lifetime=self._world.settings.token_lifetime,
        )

    def _confidential_client(self, call: Call) -> str:
        """The client whose secret came with the request; raises where there is none or it is wrong."""
        client_id, secret = _basic(call.headers.get("authorization", ""))
        if not client_id or self._grants.clients.get(client_id) != secret:
            raise _DeniedError(401, "invalid_client")
        return client_id

    def _any_client(self, call: Call, form: Json) -> str:
        """A service account by its secret, or a native client, which has none, by its id alone."""
        if "authorization" in call.headers:
            return self._confidential_client(call)
        client_id = str(form.get("client_id", ""))
        if not client_id or client_id in self._grants.clients:
            raise _DeniedError(401, "invalid_client")
        return client_id


def _basic(header: str) -> tuple[str, str]:
    kind, _, value = header.partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        client_id, _, secret = base64.b64decode(value).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client_id, secret


def _denied(denied: _DeniedError) -> Reply:
    document: Json = {"error": denied.error}
    if denied.description:
        document["error_description"] = denied.description
    return json_reply(document, status=denied.status)
