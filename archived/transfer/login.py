"""A person's login at Globus: begun with an address to open, ended with the code that is shown there (PKCE)."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import TypeVar

import globus_sdk
from globus_sdk.scopes import AuthScopes, GCSCollectionScopes, Scope, TransferScopes

from archived.core.dataclass import dataclass
from archived.errors import LoginRequiredError, TransferError
from archived.secrecy.hidden import know
from archived.transfer.globus_errors import LIBRARY_ERRORS, Account, translate
from archived.transfer.globus_session import GlobusSession, Identity, manners, token_file
from archived.transfer.token_file import StoredToken

T = TypeVar("T")

HTTP_TIMEOUT = 30.0

_PERSON = Account(native=True)


@dataclass(frozen=True)
class PendingLogin:
    """A login that waits for its code. `url` is what the person opens in a browser, on whatever machine."""

    url: str
    client_id: str
    token_path: str
    flow: globus_sdk.NativeAppAuthClient = field(repr=False)


def start_login(
    client_id: str,
    token_path: str,
    *,
    collections: Iterable[str] = (),
    domain: str | None = None,
) -> PendingLogin:
    """Begin a login that lasts until it is unused for six months or withdrawn.

    `collections` are those whose data access needs a consent of its own (see `GlobusTransfers.consents`; for other
    kinds of collections Globus refuses the login). `domain` asks for an identity of that domain. Nothing is sent
    or stored yet. Raises children of `TransferError`.
    """
    # A token file that is not safe is found before the person has gone through the login.
    token_file(token_path, client_id).read()
    flow = _client(client_id)

    def begin() -> str:
        flow.oauth2_start_flow(
            _scopes(collections),
            refresh_tokens=True,
            prefill_named_grant=f"archived on {socket.gethostname()}",
        )
        if domain is not None:
            return flow.oauth2_get_authorize_url(
                session_required_single_domain=domain, prompt="login"
            )
        return flow.oauth2_get_authorize_url(prompt="login")

    return PendingLogin(_tried("begin the login", begin), client_id, token_path, flow)


def finish_login(pending: PendingLogin, code: str) -> Identity:
    """Trade the code for tokens, keep them, and say whose they are.

    A code is good for one use within ten minutes; a wrong one raises `LoginRequiredError`.
    """

    know(code)

    def trade() -> dict[str, StoredToken]:
        answer = pending.flow.oauth2_exchange_code_for_tokens(code.strip())
        return {
            server: StoredToken(
                access_token=data["access_token"],
                expires_at=data["expires_at_seconds"],
                refresh_token=data["refresh_token"],
                scope=data["scope"],
            )
            for server, data in answer.by_resource_server.items()
        }

    try:
        tokens = _tried("use that code", trade, _of_a_code)
    finally:
        pending.flow.transport.close()
    token_file(pending.token_path, pending.client_id).replace(tokens)
    session = GlobusSession(pending.client_id, token_file=pending.token_path, native=True)
    try:
        return whoami(session)
    finally:
        session.close()


def whoami(session: GlobusSession) -> Identity:
    """Who the session acts for. Raises `LoginRequiredError` where nobody is logged in."""
    return session.identity()


def logout(client_id: str, token_path: str) -> bool:
    """Forget the login, here and at Globus; False where nobody was logged in.

    It is forgotten here even if Globus cannot be reached, which then raises `TransferUnavailableError`.
    """
    tokens = token_file(token_path, client_id)
    kept = tokens.read()
    if not kept:
        return False
    tokens.forget()
    client = _client(client_id)

    def revoke() -> None:
        for token in kept.values():
            client.oauth2_revoke_token(token.refresh_token)
            client.oauth2_revoke_token(token.access_token)

    try:
        _tried("withdraw the login at Globus (here it is forgotten)", revoke)
    finally:
        client.transport.close()
    return True


def _scopes(collections: Iterable[str]) -> list[Scope]:
    transfer = TransferScopes.all
    for collection in collections:
        consent = GCSCollectionScopes(collection).data_access.with_optional(True)
        transfer = transfer.with_dependency(consent)
    return [transfer, AuthScopes.openid, AuthScopes.profile, AuthScopes.email]


def _client(client_id: str) -> globus_sdk.NativeAppAuthClient:
    return _tried(
        "begin the login",
        lambda: globus_sdk.NativeAppAuthClient(
            client_id, app_name="archived", **manners(HTTP_TIMEOUT)
        ),
    )


def _tried(
    doing: str,
    work: Callable[[], T],
    meaning: Callable[[Exception, Account, str], TransferError] = translate,
) -> T:
    """What the work gives; its failure in our words, raised without the original, which may hold a token."""
    failure: TransferError
    try:
        return work()
    except LIBRARY_ERRORS as error:
        failure = meaning(error, _PERSON, doing)
    raise failure


def _of_a_code(error: Exception, account: Account, doing: str) -> TransferError:
    """As `translate`; but what means an ended login elsewhere is here about the code alone."""
    raw = error.raw_json if isinstance(error, globus_sdk.AuthAPIError) else None
    if not isinstance(raw, Mapping) or raw.get("error") != "invalid_grant":
        return translate(error, account, doing)
    return LoginRequiredError(
        f"could not {doing}: it is mistyped, was used already, or is older than ten minutes; "
        "nothing was changed",
        what_to_do=f"begin again with a new code; {account.command()}",
    )
