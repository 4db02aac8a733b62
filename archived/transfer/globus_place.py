"""Where Globus' services are, by the environment; a place that a token must not be sent to is refused.

`GLOBUS_SDK_…` variables lead to the simulator, or to another deployment of Globus. Who sets the environment of a
process may do all that it may; what is refused here is what nobody can mean.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from archived.core.paths import printable
from archived.errors import ConfigurationError

SERVICES = {
    "transfer": "GLOBUS_SDK_SERVICE_URL_TRANSFER",
    "auth": "GLOBUS_SDK_SERVICE_URL_AUTH",
}
"""The variables that the library asks for each service that we use."""
VERIFY = "GLOBUS_SDK_VERIFY_SSL"
"""A file of authorities to believe, or a word of the library for yes or no."""
_NO = frozenset({"n", "no", "f", "false", "off", "0"})


def insist_on_safe_services(environ: Mapping[str, str] | None = None) -> None:
    """Raise `ConfigurationError` where a token would travel in clear, or to a server whose certificate nobody checks."""
    environ = os.environ if environ is None else environ
    if environ.get(VERIFY, "").strip().lower() in _NO:
        raise ConfigurationError(
            f"${VERIFY} turns off the check of whom we speak to, so nothing was sent to Globus.",
            what_to_do=f"unset {VERIFY}; where an authority of your own has to be believed, let it name the file",
        )
    for variable in SERVICES.values():
        address = environ.get(variable, "")
        if address and not _is_safe(address):
            raise ConfigurationError(
                f"${variable} leads to {_shown(address)}, where a login would travel unencrypted, so nothing was sent there.",
                what_to_do=f"unset {variable}, or give an address that begins with https://",
            )


def elsewhere(environ: Mapping[str, str] | None = None) -> str:
    """A sentence for people where the services are not those of globus.org; else ""."""
    environ = os.environ if environ is None else environ
    found = {name: environ[name] for name in SERVICES.values() if environ.get(name)}
    if not found:
        return ""
    places = ", ".join(f"{_shown(address)} (${name})" for name, address in found.items())
    return f"Globus is not at globus.org but at {places}"


def _is_safe(address: str) -> bool:
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _shown(address: str) -> str:
    """The address without who logs in there, should somebody have written that."""
    head, separator, rest = address.partition("://")
    return printable(head + separator + rest.rpartition("@")[2]) if separator else "no address"
