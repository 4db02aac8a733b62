"""A view that is drawn again and again: live on a terminal, else a line whenever something changed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta

import click

from archived.cli.caller import Caller
from archived.cli.output import print_json_line
from archived.cli.status_page import Drawing
from archived.cli.stopping import stops_on_signals
from archived.cli.times import local
from archived.cli.views import View
from archived.core.paths import printable


def watch(
    caller: Caller,
    gather: Callable[[], View],
    drawing: Drawing,
    every: timedelta,
    *,
    as_json: bool,
) -> None:
    """Show the status until the caller stops. Raises `StoreError` when the store goes away."""
    with stops_on_signals(caller.stop):
        if sys.stdout.isatty() and caller.environ.get("TERM") != "dumb" and not as_json:
            _live(caller, gather, drawing, every)
        else:
            _lines(caller, gather, drawing, every, as_json=as_json)


def _live(caller: Caller, gather: Callable[[], View], drawing: Drawing, every: timedelta) -> None:
    from archived.cli.draw import live_view

    with live_view(caller.environ) as view:
        while True:
            view.update(drawing.page(gather(), caller.now()))
            if caller.stop.wait(every.total_seconds()):
                return


def _lines(
    caller: Caller,
    gather: Callable[[], View],
    drawing: Drawing,
    every: timedelta,
    *,
    as_json: bool,
) -> None:
    said = None
    while True:
        view = gather()
        if as_json:
            print_json_line(view)
        elif (text := drawing.summary(view)) != said:
            click.echo(printable(f"{local(caller.now())}  {text}"))
            sys.stdout.flush()
            said = text
        if caller.stop.wait(every.total_seconds()):
            return
