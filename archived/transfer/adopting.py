"""Takes over a login that another program made: a refresh token, together with the application that it was given to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

import globus_sdk

from archived.core.dataclass import dataclass
from archived.errors import LoginRequiredError, TransferError
from archived.transfer.globus_errors import LIBRARY_ERRORS, Account, translate
from archived.transfer.globus_session import TRANSFER_SERVER, manners, token_file
from archived.transfer.token_file import StoredToken

HTTP_TIMEOUT = 30.0
"""Seconds; a person is waiting."""


@dataclass(frozen=True)
class AdoptedLogin:
    """A login that Globus has accepted; kept nowhere yet."""

    client_id: str
    token: StoredToken = field(repr=False)

    def keep(self, token_path: str) -> None:
        """Keep it where `login` keeps its own. Raises `LoginRequiredError` where there is one of this application."""
        tokens = token_file(token_path, self.client_id)
        if tokens.read():
            raise LoginRequiredError(
                f"somebody is logged in already, in {token_path}; that login was left as it is",
                what_to_do="archivedctl logout forgets it",
            )
        tokens.replace({TRANSFER_SERVER: self.token})


def adopt_login(client_id: str, refresh_token: str) -> AdoptedLogin:
    """Ask Globus whether the refresh token is good, and belongs to this application.

    It transfers; it does not tell whose it is, as that is a token of its own. Raises `LoginRequiredError` for one that
    is refused, other children of `TransferError` where Globus cannot be asked.
    """
    client = globus_sdk.NativeAppAuthClient(client_id, app_name="archived", **manners(HTTP_TIMEOUT))
    failure: TransferError
    try:
        answer = client.oauth2_refresh_token(refresh_token)
        return AdoptedLogin(client_id, _token(answer.by_resource_server, refresh_token))
    except LIBRARY_ERRORS as error:
        failure = _meaning(error, client_id)
    finally:
        client.transport.close()
    # Outside of the `except`, so that no traceback holds what was sent or answered.
    raise failure


def _token(servers: Mapping[str, Mapping[str, object]], refresh_token: str) -> StoredToken:
    data = servers.get(TRANSFER_SERVER)
    if data is None:
        raise LoginRequiredError(
            "the login of the old file is not for transfers", what_to_do="archivedctl login"
        )
    return StoredToken(
        access_token=str(data["access_token"]),
        expires_at=int(str(data["expires_at_seconds"])),
        # An answer without one means that the old one stays good.
        refresh_token=str(data.get("refresh_token") or refresh_token),
        scope=str(data["scope"]),
    )


def _meaning(error: Exception, client_id: str) -> TransferError:
    """As `translate`; a refused token is about the old login alone, which nobody here has."""
    if isinstance(error, globus_sdk.AuthAPIError) and error.http_status in (400, 401):
        return LoginRequiredError(
            f"Globus does not accept it for the application {client_id}: it was withdrawn, or not used for six "
            "months, or belongs to another application (a refresh token is good for one alone)",
            what_to_do="archivedctl login",
        )
    return translate(error, Account(native=True), "ask whether the old login is good")
