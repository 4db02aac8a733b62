"""The wire to Globus: an answer is read up to a size, and nobody is followed to another address."""

from __future__ import annotations

import io
from typing import Any

from globus_sdk.transport import RequestsTransport
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.exceptions import ContentDecodingError
from urllib3 import HTTPResponse

LARGEST_ANSWER = 128 << 20
"""Bytes, once unpacked. The longest listing that Globus makes has 100 000 entries, of some 500 bytes each."""

_PIECE = 1 << 16
_TOLD_OF_THE_WIRE = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Headers about how a body was packed, which it is no longer."""


def transport(http_timeout: float) -> RequestsTransport:
    """A transport of the library with these limits. `http_timeout` is in seconds; the caller closes it."""
    made = RequestsTransport(http_timeout=http_timeout)
    # The service never sends anybody elsewhere; a proxy that does is not who a token is for.
    made.session.max_redirects = 0
    for scheme in ("https://", "http://"):
        made.session.mount(scheme, _Bounded())
    return made


class _Bounded(HTTPAdapter):
    """Refuses what is too large while it is read, also a small answer that unpacks to a large one."""

    def send(
        self, request: PreparedRequest, stream: bool = False, *rest: Any, **given: Any
    ) -> Response:
        """See `HTTPAdapter.send`. Raises children of `requests.RequestException`, as that does."""
        with super().send(request, True, *rest, **given) as answer:
            content = bytearray()
            for piece in answer.iter_content(_PIECE):
                content += piece
                if len(content) > LARGEST_ANSWER:
                    raise ContentDecodingError(f"more than {LARGEST_ANSWER} bytes", response=answer)
            headers = {
                name: value
                for name, value in answer.headers.items()
                if name.lower() not in _TOLD_OF_THE_WIRE
            }
            raw = HTTPResponse(
                io.BytesIO(content),
                headers=headers,
                status=answer.status_code,
                reason=answer.reason,
                preload_content=False,
            )
            return self.build_response(request, raw)
