"""What a handler is given and what it answers, without any web framework; and the shape of errors."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
"""A JSON document as the services send it."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `identity` is who calls, once the token was checked; "" before that."""

    method: str
    path: str
    parameters: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes
    identity: str = ""
    base_url: str = ""

    def one(self, name: str, default: str = "") -> str:
        """The last value of a query parameter, or `default`."""
        values = self.all(name)
        return values[-1] if values else default

    def all(self, name: str) -> list[str]:
        """Every value of a query parameter, in order."""
        return [value for key, value in self.query if key == name]

    def number(self, name: str, default: int, *, most: int) -> int:
        """A query parameter that is a whole number of at least 0, at most `most`.

        Raises `RefusalError` (400) where it is something else.
        """
        text = self.one(name)
        if not text:
            return default
        if not text.isascii() or not text.isdigit():
            raise bad_request(f"'{name}' must be a whole number of at least 0, not '{text}'")
        return min(int(text), most)

    def json(self) -> Json:
        """The body as a JSON object; raises `RefusalError` (400) where it is not one."""
        try:
            document = json.loads(self.body or b"{}")
        except ValueError as error:
            raise bad_request("The body is not valid JSON") from error
        if not isinstance(document, dict):
            raise bad_request("The body is not a JSON object")
        return document


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: a JSON document, or bytes of another media type."""

    status: int
    content: bytes
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class RefusalError(Exception):
    """An answer that is an error; raised where it is noticed, turned into a `Reply` in one place."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.more = more

    def reply(self, resource: str) -> Reply:
        """The answer on the wire, as the Transfer service words its errors."""
        document = {
            "code": self.code,
            "message": self.message,
            "request_id": request_id(),
            "resource": resource,
            **self.more,
        }
        return json_reply(document, status=self.status)


Handler = Callable[[Call], Reply]


def json_reply(
    document: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Reply:
    """A JSON answer in plain ASCII, so that names which are not Unicode text cannot break it."""
    return Reply(status, json.dumps(document).encode("ascii"), headers=headers or {})


def result(data_type: str, code: str, message: str, resource: str, **more: Any) -> Json:
    """The document that answers an operation that was carried out."""
    return {
        "DATA_TYPE": data_type,
        "code": code,
        "message": message,
        "request_id": request_id(),
        "resource": resource,
        **more,
    }


def bad_request(message: str) -> RefusalError:
    """The answer to a request that makes no sense."""
    return RefusalError(400, "ClientError.BadRequest", message)


def not_found(message: str) -> RefusalError:
    """The answer where there is no such path or task."""
    return RefusalError(404, "ClientError.NotFound", message)


def request_id() -> str:
    """An id for one request, nine letters as the service gives them."""
    return secrets.token_urlsafe(9)[:9]
