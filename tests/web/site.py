"""The pages of a rig, served as `archivedctl web` serves them, and what they answer."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from archived.cli.answering import Answers
from archived.cli.caller import Caller
from archived.web.app import build
from archived.web.serving import serving
from tests.cli.rigs import CliRig
from tests.web.lab import Lab


@dataclass
class Got:
    """An answer."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The JSON that it holds."""
        return json.loads(self.text)


@dataclass
class Site:
    """The pages of a rig."""

    rig: CliRig
    lab: Lab
    address: str

    def get(self, path: str, method: str = "GET", **headers: str) -> Got:
        """What is answered; the names of headers are given with `_` for `-`."""
        parts = urlsplit(self.address)
        assert parts.hostname is not None
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        given = {key.replace("_", "-"): value for key, value in headers.items()}
        try:
            connection.request(method, path, headers=given)
            answer = connection.getresponse()
            text = answer.read().decode()
            return Got(answer.status, {k.lower(): v for k, v in answer.getheaders()}, text)
        finally:
            connection.close()


def served(rig: CliRig, names: Iterable[str] = ()) -> AbstractContextManager[str]:
    """The pages of a rig, as long as the block lasts; their address."""
    caller = Caller(environ=rig.environ, now=lambda: rig.now, config=str(rig.configuration))
    return serving(build(Answers(caller), names=names), "127.0.0.1", 0)
