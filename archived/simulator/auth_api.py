"""The routes of the Auth service: log in, get and give back tokens, and ask who one is."""

from __future__ import annotations

import base64
import binascii
import html
import secrets
import uuid
from collections.abc import Iterable
from urllib.parse import parse_qs, urlencode

from globus_sdk.scopes import Scope

from archived.simulator.grants import AccessToken, Grants
from archived.simulator.identities import Identity, service_account
from archived.simulator.replies import Call, Handler, Json, Reply, json_reply
from archived.simulator.scopes import AUTH, UnknownScopeError, parse, resource_server
from archived.simulator.signing import ALGORITHM, Signer
from archived.simulator.world import World

HELPER_PAGE = "/v2/web/auth-code"


class _DeniedError(Exception):
    """An answer of the token endpoint that is an error, as OAuth 2 words it."""

    def __init__(self, status: int, error: str, description: str = "") -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.description = description


class AuthApi:
    """The handlers, bound to a world and to what was granted in it."""

    def __init__(self, world: World, grants: Grants) -> None:
        self._world = world
        self._grants = grants
        self._signer = Signer()

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Method, path and handler of each route."""
        return [
            ("GET", "/.well-known/openid-configuration", self.openid_configuration),
            ("GET", "/jwk.json", self.jwks),
            ("GET", "/v2/oauth2/authorize", self.authorize),
            ("GET", HELPER_PAGE, self.show_code),
            ("POST", "/v2/oauth2/token", self.token),
            ("POST", "/v2/oauth2/token/revoke", self.revoke),
            ("POST", "/v2/oauth2/token/introspect", self.introspect),
            ("GET", "/v2/oauth2/userinfo", self.userinfo),
            ("GET", "/v2/api/identities", self.identities),
            ("GET", "/v2/api/identities/{identity}/consents", self.consents),
        ]

    def openid_configuration(self, call: Call) -> Reply:
        """Where everything is."""
        base = call.base_url.rstrip("/")
        return json_reply(
            {
                "issuer": base,
                "authorization_endpoint": f"{base}/v2/oauth2/authorize",
                "token_endpoint": f"{base}/v2/oauth2/token",
                "userinfo_endpoint": f"{base}/v2/oauth2/userinfo",
                "revocation_endpoint": f"{base}/v2/oauth2/token/revoke",
                "jwks_uri": f"{base}/jwk.json",
                "response_types_supported": ["code", "token", "token id_token", "id_token"],
                "id_token_signing_alg_values_supported": [ALGORITHM],
                "scopes_supported": ["openid", "email", "profile"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "claims_supported": ["sub", "name", "preferred_username", "email"],
                "subject_types_supported": ["public"],
            }
        )

    def jwks(self, call: Call) -> Reply:
        """The key that id tokens are signed with."""
        return json_reply(self._signer.jwks())

    def authorize(self, call: Call) -> Reply:
        """The login page: whoever opens it is the simulated person and agrees to everything asked for."""
        redirect_uri = call.one("redirect_uri")
        if call.one("response_type") != "code" or not redirect_uri or not call.one("client_id"):
            return _page(400, "This is not a request to log in.")
        method = call.one("code_challenge_method", "S256")
        if call.one("code_challenge") and method != "S256":
            return _page(400, "Only the code challenge method S256 is known.")
        try:
            scopes = parse(call.one("scope"), self._world.collections)
        except UnknownScopeError as error:
            return _page(400, f"Unknown scope: {html.escape(str(error))}")
        code = self._grants.issue_code(
            call.one("client_id"),
            redirect_uri,
            scopes,
            challenge=call.one("code_challenge") or None,
            offline=call.one("access_type") == "offline",
        )
        query = urlencode({"code": code.value, "state": call.one("state")})
        joint = "&" if "?" in redirect_uri else "?"
        return Reply(302, b"", "text/plain", {"Location": f"{redirect_uri}{joint}{query}"})

    def show_code(self, call: Call) -> Reply:
        """The page that shows the code to copy, for programs on a command line."""
        return _page(200, f"Authorization code: <code>{html.escape(call.one('code'))}</code>")

    def token(self, call: Call) -> Reply:
        """Tokens, for a service account's secret, for a code, or for a refresh token."""
        form = {name: values[-1] for name, values in parse_qs(call.body.decode()).items()}
        try:
            self._fail_by_order()
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

    def _fail_by_order(self) -> None:
        if self._world.faults.strikes("invalid_client"):
            raise _DeniedError(401, "invalid_client")
        if self._world.faults.strikes("invalid_grant"):
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

    def revoke(self, call: Call) -> Reply:
        """Give back a token."""
        form = parse_qs(call.body.decode())
        self._grants.revoke(form.get("token", [""])[-1])
        return json_reply({"active": False})

    def introspect(self, call: Call) -> Reply:
        """Whether a token is good, and whose it is."""
        token = self._grants.access(parse_qs(call.body.decode()).get("token", [""])[-1])
        if token is None:
            return json_reply({"active": False})
        return json_reply(
            {
                "active": True,
                "token_type": "Bearer",
                "scope": token.scope,
                "client_id": token.client_id,
                "username": token.identity.username,
                "name": token.identity.name,
                "email": token.identity.email,
                "sub": token.identity.id,
                "iss": call.base_url.rstrip("/"),
                "aud": [token.resource_server],
                "exp": int(token.expires.timestamp()),
            }
        )

    def userinfo(self, call: Call) -> Reply:
        """Who one is, by an access token that was asked for with openid."""
        token = self._bearer(call)
        if token is None:
            return _unauthorized(401, "UNAUTHORIZED")
        if token.resource_server != AUTH or "openid" not in token.scope.split():
            return _unauthorized(403, "FORBIDDEN")
        return json_reply(token.identity.userinfo())

    def identities(self, call: Call) -> Reply:
        """Who is behind ids or user names."""
        if self._bearer(call) is None:
            return _unauthorized(401, "UNAUTHORIZED")
        wanted = ",".join((call.one("ids"), call.one("usernames"))).split(",")
        found: Iterable[Identity | None] = (self._grants.identity(name) for name in wanted if name)
        return json_reply({"identities": [who.document() for who in found if who is not None]})

    def consents(self, call: Call) -> Reply:
        """What an identity has consented to; its own business only."""
        token = self._bearer(call)
        identity = call.parameters["identity"]
        if token is None:
            return _unauthorized(401, "UNAUTHORIZED")
        if token.identity.id != identity:
            return _unauthorized(403, "FORBIDDEN")
        return json_reply({"consents": self._grants.consent_documents(identity)})

    def _bearer(self, call: Call) -> AccessToken | None:
        kind, _, value = call.headers.get("authorization", "").partition(" ")
        return self._grants.access(value) if kind.lower() == "bearer" else None

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


def _unauthorized(status: int, code: str) -> Reply:
    return json_reply(
        {
            "errors": [
                {
                    "status": str(status),
                    "id": str(uuid.uuid4()),
                    "code": code,
                    "detail": "Call must be authenticated",
                    "title": "Unauthorized",
                }
            ],
            "error_description": "Unauthorized",
            "error": "unauthorized",
        },
        status=status,
    )


def _page(status: int, text: str) -> Reply:
    body = f"<!DOCTYPE html><title>Simulated Globus</title><p>{text}</p>"
    return Reply(status, body.encode(), "text/html; charset=utf-8")
