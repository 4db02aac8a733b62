"""Stands in for a person with a browser: opens a login page and reads the code that it leads to."""

from __future__ import annotations

from http.client import HTTPConnection
from urllib.parse import parse_qs, urlsplit

from archived.errors import LoginRequiredError


def approve(authorize_url: str) -> str:
    """The code that the login page hands out for this address. Nothing is fetched from anywhere else.

    Raises `LoginRequiredError` where the page refuses the request.
    """
    parts = urlsplit(authorize_url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        response = connection.getresponse()
        page = response.read().decode(errors="replace")
        location = response.headers.get("Location", "")
    finally:
        connection.close()
    codes = parse_qs(urlsplit(location).query).get("code")
    if not codes:
        raise LoginRequiredError(f"The simulated login page refuses the request: {page}")
    return codes[0]
