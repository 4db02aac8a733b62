"""Puts the services on HTTP: reads each request, lets ordered faults strike, asks the handler, sends its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from archived.simulator.faults import Order
from archived.simulator.grants import Grants
from archived.simulator.replies import Call, Handler, RefusalError, Reply, json_reply
from archived.simulator.scopes import TRANSFER
from archived.simulator.world import Request, World

Cut = Callable[[tuple[str, int]], None]
"""Cuts the connection that comes from an address."""
Routes = Iterable[tuple[str, str, Handler]]

_CANNED = ("429", "500", "502", "503")


def build(
    world: World, grants: Grants, cut: Cut, *, transfer: Routes, auth: Routes, control: Routes
) -> Starlette:
    """The application. Faults strike the two services, never the control interface."""
    door = _Door(world, grants, cut)
    routes = [
        *(door.route(*parts, faults=True, login=True) for parts in transfer),
        *(door.route(*parts, faults=True, login=False) for parts in auth),
        *(door.route(*parts, faults=False, login=False) for parts in control),
    ]
    anything = [
        door.route(method, "/{rest:path}", _nothing_here, faults=True, login=False)
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH")
    ]
    return Starlette(routes=[*routes, *anything])


def _nothing_here(call: Call) -> Reply:
    raise RefusalError(404, "ClientError.NotFound", f"There is no {call.method} {call.path} here")


class _Door:
    """What every request goes through."""

    def __init__(self, world: World, grants: Grants, cut: Cut) -> None:
        self._world = world
        self._grants = grants
        self._cut = cut

    def route(
        self, method: str, path: str, handler: Handler, *, faults: bool, login: bool
    ) -> Route:
        """A route of the application for a handler that knows nothing of HTTP."""

        async def endpoint(request: HttpRequest) -> Response:
            call = await _read(request)
            if not faults:
                return _response(await run_in_threadpool(self._handle, handler, call, login))
            reply = await self._with_faults(handler, call, login)
            note = Request(call.method, call.path, reply.status if reply else 0)
            self._world.requests.append(note)
            if reply is None:
                client = request.client
                if client is not None:
                    self._cut((client.host, client.port))
                return _Nothing()
            return _response(reply)

        return Route(path, endpoint, methods=[method])

    async def _with_faults(self, handler: Handler, call: Call, login: bool) -> Reply | None:
        """The answer, or None where the connection is to be cut."""
        await asyncio.sleep(self._world.settings.latency)
        slow = self._strikes(call, "slow")
        if slow is not None:
            await asyncio.sleep(slow.seconds)
        if self._strikes(call, "refuse"):
            return None
        canned = self._strikes(call, *_CANNED)
        if canned is not None:
            return _canned(canned, call)
        reply = await run_in_threadpool(self._handle, handler, call, login)
        return None if self._strikes(call, "reset") else reply

    def _strikes(self, call: Call, *names: str) -> Order | None:
        return self._world.faults.strikes(
            *names,
            route=f"{call.method} {call.path}",
            collection=call.parameters.get("endpoint_id", "").lower(),
        )

    def _handle(self, handler: Handler, call: Call, login: bool) -> Reply:
        try:
            return handler(self._logged_in(call) if login else call)
        except RefusalError as refusal:
            return refusal.reply(call.path)

    def _logged_in(self, call: Call) -> Call:
        """The call with who calls; raises `RefusalError` (401) without a good token for this service."""
        kind, _, value = call.headers.get("authorization", "").partition(" ")
        token = self._grants.access(value) if kind.lower() == "bearer" else None
        expired = self._strikes(call, "expired_token")
        if token is None or token.resource_server != TRANSFER or expired is not None:
            raise RefusalError(401, "AuthenticationFailed", "Token is not active")
        return replace(call, identity=token.identity.id)


async def _read(request: HttpRequest) -> Call:
    return Call(
        method=request.method,
        path=request.url.path,
        parameters={name: str(value) for name, value in request.path_params.items()},
        query=request.query_params.multi_items(),
        headers=dict(request.headers),
        body=await request.body(),
        base_url=str(request.base_url),
    )


def _response(reply: Reply) -> Response:
    return Response(reply.content, reply.status, dict(reply.headers), media_type=reply.media_type)


def _canned(order: Order, call: Call) -> Reply:
    """An answer that does not depend on the question."""
    words = {
        "429": ("ClientError.TooManyRequests", "Too many requests, slow down"),
        "500": ("InternalError", "An internal error occurred"),
        "502": ("ExternalError", "The collection's server gave no sensible answer"),
        "503": ("ServiceUnavailable", "The service is down for maintenance"),
    }
    code, message = words[order.name]
    reply = RefusalError(int(order.name), code, order.message or message).reply(call.path)
    headers = {} if order.retry_after is None else {"Retry-After": str(order.retry_after)}
    if order.body == "list":
        return json_reply(["Bad Gateway"], status=reply.status, headers=headers)
    if order.body == "html":
        page = b"<html><body><h1>Bad Gateway</h1></body></html>"
        return Reply(reply.status, page, "text/html", headers)
    return replace(reply, headers=headers)


class _Nothing(Response):
    """Sends nothing, and waits until the server has noticed that the connection is gone."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
