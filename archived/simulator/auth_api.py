"""The routes of the Auth service: log in, get and give back tokens, and ask who one is."""

from __future__ import annotations

import html
import uuid
from collections.abc import Iterable
from urllib.parse import parse_qs, urlencode

from archived.simulator.grants import AccessToken, Grants
from archived.simulator.identities import Identity
from archived.simulator.replies import Call, Handler, Reply, json_reply
from archived.simulator.scopes import AUTH, UnknownScopeError, parse
from archived.simulator.signing import ALGORITHM, Signer
from archived.simulator.token_endpoint import TokenEndpoint
from archived.simulator.world import World

HELPER_PAGE = "/v2/web/auth-code"


class AuthApi:
    """The handlers, bound to a world and to what was granted in it."""

    def __init__(self, world: World, grants: Grants) -> None:
        self._world = world
        self._grants = grants
        self._signer = Signer()
        self._tokens = TokenEndpoint(world, grants, self._signer)

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Method, path and handler of each route."""
        return [
            ("GET", "/.well-known/openid-configuration", self.openid_configuration),
            ("GET", "/jwk.json", self.jwks),
            ("GET", "/v2/oauth2/authorize", self.authorize),
            ("GET", HELPER_PAGE, self.show_code),
            ("POST", "/v2/oauth2/token", self._tokens.token),
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
