"""Who we are at Globus, and the clients that speak for us: one for each thread, since the library's are not shared."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import globus_sdk
from globus_sdk.authorizers import RenewingAuthorizer
from globus_sdk.config import get_environment_name
from globus_sdk.scopes import Scope, ScopeParser, TransferScopes
from globus_sdk.transport import RequestsTransport, RetryConfig

from archived.core.dataclass import dataclass
from archived.errors import (
    LoginRequiredError,
    TransferError,
    TransferUnavailableError,
)
from archived.secrecy.hidden import hidden, know
from archived.transfer.globus_documents import short
from archived.transfer.globus_errors import LIBRARY_ERRORS, Account, missing_scopes, translate
from archived.transfer.globus_place import insist_on_safe_services
from archived.transfer.globus_wire import transport
from archived.transfer.token_file import StoredToken, TokenFile

AUTH_SERVER = "auth.globus.org"
TRANSFER_SERVER = TransferScopes.resource_server

UNTOLD = "somebody whose login was taken over"
"""The name of an identity that Globus does not tell us: see `archived/transfer/adopting.py`."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a session acts for. `id` is "" where Globus does not tell."""

    username: str
    id: str


@dataclass(frozen=True, slots=True)
class _Voice:
    """One thread's client, and what it was made from."""

    version: object
    client: globus_sdk.TransferClient
    authorizer: RenewingAuthorizer[Any]


class GlobusSession:
    """A service account (`client_secret`) or a person's login (`native`, `token_file`), for any number of threads.

    Nothing is read or sent before the first call. It never asks anybody anything: without a usable login, calls
    raise `LoginRequiredError`. `http_timeout` is in seconds. Making one raises `ConfigurationError` as `manners` does.
    """

    def __init__(
        self,
        client_id: str,
        *,
        client_secret: str | None = None,
        token_file: str | None = None,
        native: bool,
        http_timeout: float = 30.0,
    ) -> None:
        insist_on_safe_services()
        self.client_id = client_id
        self.account = Account(native=native)
        self._secret = hidden(client_secret)
        self._token_path = token_file
        self._http_timeout = http_timeout
        self._local = threading.local()
        self._lock = threading.Lock()
        self._transports: list[RequestsTransport] = []
        self._closed = False
        self._scopes: tuple[Scope, ...] = (TransferScopes.all,)

    def __repr__(self) -> str:
        kind = "a person" if self.account.native else "a service account"
        return f"GlobusSession({self.client_id!r}, {kind})"

    def call(self, doing: str, work: Callable[[globus_sdk.TransferClient], T]) -> T:
        """Let `work` use this thread's client, and raise ours for the library's errors.

        `doing` ends the sentence "could not …". A service account that lacks a consent asks for it and tries
        once more. Raises children of `TransferError`.
        """
        failure, scopes = self._attempt(doing, work)
        if scopes and not self.account.native:
            wider = self._with(scopes)
            again, _ = self._attempt(doing, work, wider)
            if not isinstance(again, TransferError):
                # Not before: with a scope that is not granted no thread would get a token any more.
                self._keep(scopes)
            if not isinstance(again, LoginRequiredError):
                failure = again
        if isinstance(failure, TransferError):
            # Outside of any `except`, so that no traceback holds what the service answered.
            raise failure
        return failure

    def identity(self) -> Identity:
        """Who the calls are made for. Raises `LoginRequiredError` without a usable login."""
        if not self.account.native:
            self.call("log in", lambda client: None)
            return Identity(f"{self.client_id}@clients.auth.globus.org", self.client_id)
        doing = "say who is logged in"
        if self._adopted():
            # Its owner gave another program leave to transfer, not to tell who they are.
            self.call("log in", lambda client: None)
            return Identity(UNTOLD, "")
        try:
            authorizer = self._person(AUTH_SERVER)
            client = globus_sdk.AuthClient(authorizer=authorizer, **self._manners())
            answer = client.userinfo().data
            return Identity(short(answer["preferred_username"]), short(answer["sub"]))
        except LIBRARY_ERRORS as error:
            failure = translate(error, self.account, doing)
        raise failure

    def close(self) -> None:
        """Close every connection; calls under way fail, later ones are refused."""
        with self._lock:
            transports, self._transports, self._closed = self._transports, [], True
        for each in transports:
            each.close()

    def _attempt(
        self,
        doing: str,
        work: Callable[[globus_sdk.TransferClient], T],
        scopes_on_trial: tuple[Scope, ...] | None = None,
    ) -> tuple[T | TransferError, tuple[str, ...]]:
        try:
            return work(self._voice(scopes_on_trial).client), ()
        except LIBRARY_ERRORS as error:
            failure = translate(error, self.account, doing)
            failure.args = (self._without_secrets(str(failure)),)
            scopes = missing_scopes(error)
        if isinstance(failure, LoginRequiredError):
            self._local.voice = None  # so that a login made meanwhile is found at the next call
        return failure, scopes

    def _with(self, scopes: tuple[str, ...]) -> tuple[Scope, ...]:
        """What is asked for, and these too. Globus keeps what a service account asked for as its consents."""
        wanted: list[Scope] = []
        for text in scopes:
            with suppress(*LIBRARY_ERRORS):  # what is no scope cannot be asked for
                wanted += ScopeParser.parse(text)
        return tuple(ScopeParser.merge_scopes(list(self._scopes), wanted))

    def _keep(self, scopes: tuple[str, ...]) -> None:
        """Ask for these with every token from now on."""
        with self._lock:
            self._scopes = self._with(scopes)

    def _voice(self, scopes_on_trial: tuple[Scope, ...] | None = None) -> _Voice:
        with self._lock:
            if self._closed:
                raise TransferUnavailableError("the connection to Globus was closed")
            scopes = scopes_on_trial or self._scopes
        version: object = scopes
        if self.account.native:
            version = self._tokens().stamp()
        voice: _Voice | None = getattr(self._local, "voice", None)
        if voice is None or voice.version != version:
            voice = self._local.voice = self._new_voice(version, scopes)
        return voice

    def _new_voice(self, version: object, scopes: tuple[Scope, ...]) -> _Voice:
        authorizer = self._person(TRANSFER_SERVER) if self.account.native else self._account(scopes)
        client = globus_sdk.TransferClient(
            authorizer=authorizer, app_name="archived", **self._manners()
        )
        return _Voice(version, client, authorizer)

    def _account(self, scopes: tuple[Scope, ...]) -> RenewingAuthorizer[Any]:
        if not self._secret:
            raise LoginRequiredError(
                "the service account has no client secret",
                what_to_do="set client_secret_file of [globus]; or leave it out, and type: archivedctl login",
            )
        login = globus_sdk.ConfidentialAppAuthClient(
            self.client_id, self._secret, **self._manners()
        )
        return globus_sdk.ClientCredentialsAuthorizer(login, scopes, on_refresh=_know)

    def _person(self, server: str) -> RenewingAuthorizer[Any]:
        tokens = self._tokens()
        token = tokens.read().get(server)
        if token is None:
            raise LoginRequiredError("nobody is logged in", what_to_do=self.account.command())
        login = globus_sdk.NativeAppAuthClient(self.client_id, **self._manners())
        return RefreshingLogin(login, token, lambda renewed: tokens.renew(server, renewed))

    def _adopted(self) -> bool:
        if self._token_path is None:
            return False
        return set(self._tokens().read()) == {TRANSFER_SERVER}

    def _tokens(self) -> TokenFile:
        if self._token_path is None:
            raise LoginRequiredError("nobody is logged in", what_to_do=self.account.command())
        return token_file(self._token_path, self.client_id)

    def _manners(self) -> dict[str, Any]:
        made = manners(self._http_timeout)
        with self._lock:
            self._transports.append(made["transport"])
        return made

    def _without_secrets(self, text: str) -> str:
        voice: _Voice | None = getattr(self._local, "voice", None)
        access = voice.authorizer.access_token if voice else None
        refresh = getattr(voice.authorizer, "refresh_token", None) if voice else None
        for secret in (self._secret, access, refresh):
            if secret:
                text = text.replace(secret, "***")
        return text


class RefreshingLogin(globus_sdk.RefreshTokenAuthorizer):
    """A person's login that renews itself and hands on what it got."""

    def __init__(
        self,
        login: globus_sdk.NativeAppAuthClient,
        token: StoredToken,
        keep: Callable[[StoredToken], object],
    ) -> None:
        self._keep = keep
        super().__init__(
            token.refresh_token,
            login,
            access_token=token.access_token,
            expires_at=token.expires_at,
            on_refresh=self._refreshed,
        )

    def _extract_token_data(self, res: globus_sdk.OAuthRefreshTokenResponse) -> dict[str, Any]:
        # An answer without a refresh token means that the old one stays good; the library would forget it.
        before = self.refresh_token
        data = super()._extract_token_data(res)
        if not self.refresh_token:
            self.refresh_token = before
        return data

    def _refreshed(self, answer: globus_sdk.OAuthRefreshTokenResponse) -> None:
        (data,) = answer.by_resource_server.values()
        self._keep(
            StoredToken(
                access_token=data["access_token"],
                expires_at=data["expires_at_seconds"],
                refresh_token=self.refresh_token,
                scope=data["scope"],
            )
        )


def _know(answer: globus_sdk.OAuthTokenResponse) -> None:
    """Keep what a service account was given out of the log."""
    for data in answer.by_resource_server.values():
        know(str(data["access_token"]))


def manners(http_timeout: float) -> dict[str, Any]:
    """How all clients behave: short waits only. The caller closes the transport.

    Long waits, and those that the service asks for, are the daemon's: it knows what else to do meanwhile.
    Raises `ConfigurationError` for an environment that would send logins where nobody can mean them to go.
    """
    insist_on_safe_services()
    return {
        "transport": transport(http_timeout),
        "retry_config": RetryConfig(
            max_retries=2,
            max_sleep=5,
            retry_after_status_codes=(),
            transient_error_status_codes=(500, 502, 504),
        ),
    }


def token_file(path: str, client_id: str) -> TokenFile:
    """The tokens of a client in the Globus environment that the process runs in."""
    return TokenFile(path, client_id=client_id, environment=get_environment_name())
