"""Scopes: what a client asks to be allowed, and which service each belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from globus_sdk.exc import GlobusSDKUsageError
from globus_sdk.scopes import Scope, ScopeParser
from globus_sdk.scopes.errors import ScopeParseError

from archived.simulator.collection import Collection

AUTH = "auth.globus.org"
TRANSFER = "transfer.api.globus.org"

_OPENID = frozenset({"openid", "profile", "email"})
_URN = re.compile(r"urn:globus:auth:scope:(?P<server>[^:]+):(?P<name>.+)")
_URL = re.compile(r"https://auth\.globus\.org/scopes/(?P<server>[0-9a-f-]{36})/(?P<name>\w+)")


class UnknownScopeError(Exception):
    """A scope that does not exist, or does not exist for this collection."""


def parse(text: str, collections: Mapping[str, Collection]) -> list[Scope]:
    """The scopes in a request, with what they depend on.

    Raises `UnknownScopeError` for text that is not scopes, and for the data_access of a collection that does not
    know it: only mapped collections that are not high-assurance do.
    """
    try:
        scopes = ScopeParser.parse(text)
    except (ScopeParseError, GlobusSDKUsageError) as error:
        raise UnknownScopeError(text) from error
    for path in paths(scopes):
        _check(path[-1], collections)
    return scopes


def paths(scopes: Iterable[Scope], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every scope with the scopes that lead to it, the outermost first."""
    for scope in scopes:
        here = (*above, scope.scope_string)
        yield here
        yield from paths(scope.dependencies, here)


def resource_server(scope: str) -> str:
    """The service that a scope belongs to. Raises `UnknownScopeError`."""
    if scope in _OPENID:
        return AUTH
    match = _URN.fullmatch(scope) or _URL.fullmatch(scope)
    if match is None:
        raise UnknownScopeError(scope)
    return match["server"]


def _check(scope: str, collections: Mapping[str, Collection]) -> None:
    server = resource_server(scope)
    if scope.endswith("/data_access"):
        collection = collections.get(server)
        if collection is None or not collection.needs_data_access:
            raise UnknownScopeError(scope)
