"""The application: which address is answered by what, and how failures look."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.resources import files
from pathlib import PurePosixPath

from anyio.to_thread import current_default_thread_limiter
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from archived.errors import ArchivedError, NameNotFoundError
from archived.web.addresses import asked_in
from archived.web.api import UNHEALTHY, Api, Portion, health
from archived.web.guard import Guard
from archived.web.pages import Filled, Pages
from archived.web.source import Source, View
from archived.web.templating import Templates

AT_ONCE = 4
"""How many answers are made at a time; others wait, so that a rig is not kept busy by who looks at it."""

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
KEPT = "public, max-age=300"


def build(source: Source, *, names: Iterable[str] = ()) -> ASGIApp:
    """The pages of a source. `names` are those by which browsers ask for this machine, beside those of loopback."""
    door = Door(source)
    pages, api = Pages(source), Api(source)
    routes = [
        Route("/", door.page(lambda asked, _name: pages.today(asked))),
        Route("/calendar", door.page(lambda asked, _name: pages.calendar(asked))),
        Route("/datasets", door.page(lambda asked, _name: pages.datasets(asked))),
        Route("/datasets/{name:name}", door.page(lambda asked, name: pages.dataset(name, asked))),
        Route("/transfers", door.page(lambda asked, _name: pages.transfers(asked))),
        Route("/attention", door.page(lambda asked, _name: pages.attention(asked))),
        Route("/api/v1/status", door.json(lambda asked, _name: api.status(asked))),
        Route("/api/v1/list", door.json(lambda asked, _name: api.list(asked))),
        Route("/api/v1/show/{name:name}", door.json(lambda asked, name: api.show(name, asked))),
        Route("/api/v1/events", door.json(lambda asked, _name: api.events(asked))),
        Route("/api/v1/rigs", door.json(lambda asked, _name: api.rigs(asked))),
        Route("/healthz", door.healthz),
        Route("/metrics", lambda _request: Response(source.metrics(), media_type=METRICS_TYPE)),
        *(Route(f"/{name}", _static(name, kind)) for name, kind in STATIC.items()),
    ]
    app = Starlette(
        routes=routes,
        exception_handlers={HTTPException: door.refused, Exception: door.mistaken},
        lifespan=_few_at_once,
    )
    app.router.redirect_slashes = False
    # Outside of everything, so that the page about a mistake is protected as well.
    return Guard(app, tuple(names))


STATIC = {"style.css": "text/css", "icon.svg": "image/svg+xml"}
"""The files that the pages load, and nothing else is."""

Asking = list[tuple[str, str]]


class Door:
    """Answers as a page or as JSON, and failures in the same way."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._templates = Templates(source)

    def page(self, make: Callable[[Asking, str], Filled]) -> Callable[[Request], Response]:
        """What answers with a page."""

        def answering(request: Request) -> Response:
            try:
                template, values = make(*_asked(request))
            except (ArchivedError, ValueError) as error:
                return self._failed(request, _status_of(error), error)
            return HTMLResponse(
                self._templates.render(template, {"path": request.url.path, **values})
            )

        return answering

    def json(self, make: Callable[[Asking, str], Portion]) -> Callable[[Request], Response]:
        """What answers with JSON."""

        def answering(request: Request) -> Response:
            try:
                portion = make(*_asked(request))
            except (ArchivedError, ValueError) as error:
                return self._failed(request, _status_of(error), error)
            further = portion.further and {"Link": f'<{portion.further}>; rel="next"'}
            return self._json(portion.value, headers=further or None)

        return answering

    def healthz(self, _request: Request) -> Response:
        """Whether recordings are archived just now: 200, or else 503."""
        try:
            healthy, view = health(self._source.status(), self._source.now())
        except ArchivedError:
            healthy, view = False, UNHEALTHY
        return self._json(view, 200 if healthy else 503)

    async def refused(self, request: Request, error: Exception) -> Response:
        """What there is no address for."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        return self._failed(request, status, NameNotFoundError("there is nothing at this address"))

    async def mistaken(self, request: Request, error: Exception) -> Response:
        """A mistake of this program; what it is goes to the log, not to who asked."""
        self._source.tell_of_mistake(error)
        told = ArchivedError(
            "a mistake of this program; no data is affected",
            what_to_do="what is in the log of `archivedctl web` helps to mend it",
        )
        return self._failed(request, 500, told)

    def _failed(self, request: Request, status: int, error: Exception) -> Response:
        what_to_do = error.what_to_do if isinstance(error, ArchivedError) else ""
        if request.url.path.startswith("/api/"):
            told = {"error": {"message": str(error), "what_to_do": what_to_do}}
            return self._json(told, status)
        values = {
            "path": "",
            "status": status,
            "phrase": HTTPStatus(status).phrase,
            "message": str(error),
            "what_to_do": what_to_do,
        }
        return HTMLResponse(self._templates.render("error.html", values), status)

    def _json(
        self, value: View, status: int = 200, headers: dict[str, str] | None = None
    ) -> Response:
        text = self._source.json(value) + "\n"
        return Response(text, status, media_type="application/json", headers=headers)


def _asked(request: Request) -> tuple[Asking, str]:
    """What stands behind the `?`, and the name in the path, if any."""
    return asked_in(request.scope["query_string"]), request.path_params.get("name", "")


def _status_of(error: Exception) -> int:
    if isinstance(error, NameNotFoundError):
        return 404
    return 503 if isinstance(error, ArchivedError) else 400


def _static(name: str, kind: str) -> Callable[[Request], Response]:
    content = files("archived.web").joinpath(str(PurePosixPath("static", name))).read_bytes()

    def answering(_request: Request) -> Response:
        return Response(content, media_type=kind, headers={"Cache-Control": KEPT})

    return answering


@asynccontextmanager
async def _few_at_once(_app: Starlette) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = AT_ONCE
    yield
