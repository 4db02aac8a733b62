"""Who is answered: pages of ours and people on this machine, who read. Everything else is refused before it is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""No script runs, nothing comes from elsewhere, nobody frames the pages, and nothing of them is kept or told."""


class Guard:
    """Refuses what is no reading, comes by a foreign name (DNS rebinding), or is made by a page of another site."""

    def __init__(self, app: ASGIApp, names: Sequence[str]) -> None:
        self._app = app
        self._names = LOOPBACK | {each.lower().rstrip(".") for each in names}
        self._any_address = any(_is_wildcard(each) for each in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, sending)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse(
                "These pages are only read.\n", 405, headers={"Allow": "GET, HEAD"}
            )
        headers = Headers(scope=scope)
        host = headers.getlist("host")
        if len(host) != 1 or not self._is_ours(host[0]):
            return PlainTextResponse(
                "This machine is not served by that name; `archivedctl web --name` allows another one.\n",
                421,
            )
        if _is_foreign(headers, host[0], scope["path"]):
            return PlainTextResponse("Another site asked for it, and is not answered.\n", 403)
        return None

    def _is_ours(self, host: str) -> bool:
        name = _name_in(host)
        return name is not None and (name in self._names or (self._any_address and _is_ip(name)))


def _is_foreign(headers: Headers, host: str, path: str) -> bool:
    """Whether a page of another site made the browser ask. A link that a person follows to a page is welcome.

    W3C Fetch Metadata: what such a link opens is a document of its own, of which the other site sees nothing.
    """
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2] != host:
        return True
    if headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
        return False
    followed = (
        headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    )
    return path.startswith("/api/") or not followed


def _name_in(host: str) -> str | None:
    """The name in a Host header, without its port; None for what is no host."""
    try:
        parts = urlsplit(f"//{host}")
        name, _ = parts.hostname, parts.port
    except ValueError:
        return None
    return None if name is None or parts.netloc != host or "@" in host else name.rstrip(".")


def _is_ip(name: str) -> bool:
    """No rebinding can make a browser ask by an address: what it asks by is the name of the attacker."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_wildcard(name: str) -> bool:
    return _is_ip(name) and ip_address(name).is_unspecified


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens at a host."""
    if host == "localhost":
        return True
    return _is_ip(host) and ip_address(host).is_loopback
