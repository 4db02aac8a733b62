"""`archivedctl check`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from archived.cli.caller import Caller, pass_caller
from archived.cli.counting import counted
from archived.cli.doctor import ELSEWHERE, HERE, LOGGED_IN
from archived.cli.doctor.catalogue import store
from archived.cli.doctor.globus import login
from archived.cli.doctor.visit import PATIENCE, READING, Examination, Visit, within
from archived.cli.finding import Checked, Level, fail, failed_by, ok
from archived.cli.output import Cell, Field, Line, Style, Table, line, print_json, table
from archived.cli.shell import examples, json_option
from archived.cli.views import View
from archived.core.paths import printable
from archived.errors import ConfigurationError

STYLES = {Level.OK: Style.GOOD, Level.WARN: Style.WARN, Level.FAIL: Style.BAD}

URGENCY = (78, 4, 3, 0)
"""Exit codes, the one that has to be seen to first in front."""


@click.command(
    epilog=examples(
        "archivedctl check", "archivedctl -c ./archived.ini check", "archivedctl check --offline"
    )
)
@click.option("--offline", is_flag=True, help="Ask nothing of Globus or of archives elsewhere.")
@json_option
@pass_caller
def command(caller: Caller, offline: bool, as_json: bool) -> None:
    """Check the configuration, then pay a doctor's visit.

    Every mistake in the configuration is told at once; with one, nothing else is looked at. Nothing is changed
    anywhere, and what does not answer is given up and told. Exits with 78 for mistakes, 4 without a usable login,
    3 when something else needs a person, and 0 when all is fine or there are but warnings.
    """
    findings = list(examine(caller, offline=offline))
    if as_json:
        print_json(view_of(findings))
    else:
        caller.show(page_of(findings))
    click.get_current_context().exit(code_of(findings))


def code_of(findings: list[Checked]) -> int:
    """The exit code of the most urgent finding."""
    return next(code for code in URGENCY if any(each.exit_code == code for each in findings))


def view_of(findings: list[Checked]) -> View:
    """The object of `--json`."""
    code = code_of(findings)
    views = [_view(each) for each in findings]
    return {"ok": code == 0, "exit_code": code, "findings": views}


def examine(caller: Caller, *, offline: bool) -> Iterator[Checked]:
    """Everything that is looked at, in order; no more than the configuration where that has mistakes."""
    try:
        path = caller.config_path
        configuration = caller.configuration
    except ConfigurationError as error:
        yield from _mistakes(error)
        return
    locations = len(configuration.locations)
    said = f"{printable(str(path))}: rig {configuration.rig}, {counted(locations, 'location')}"
    yield ok("configuration", said, path=str(path))
    visit = Visit(caller)
    for examination in HERE:
        yield from _examined(examination, visit)
    if offline:
        return
    usable = True
    for examination in ELSEWHERE:
        findings = _examined(examination, visit)
        yield from findings
        if examination is login:
            usable = all(each.level is not Level.FAIL for each in findings)
    for examination in LOGGED_IN if usable else ():
        yield from _examined(examination, visit)


def _examined(examination: Examination, visit: Visit) -> list[Checked]:
    return within(READING if examination is store else PATIENCE, examination, visit)


def _mistakes(error: ConfigurationError) -> Iterator[Checked]:
    """One finding for each mistake; the error itself where it is about the whole file."""
    mistakes = getattr(error, "mistakes", ())
    for mistake in mistakes:
        yield fail("configuration", str(mistake), "", exit_code=error.exit_code)
    if not mistakes:
        yield failed_by("configuration", error)


def page_of(findings: list[Checked]) -> list[Line | Table]:
    """The same for a person: a table, and below it what it means and what to do."""
    fields = (
        Field[Checked]("", lambda each: Cell(each.level, STYLES[each.level])),
        Field[Checked]("AREA", lambda each: each.area),
        Field[Checked]("FOUND", lambda each: each.what),
    )
    page: list[Line | Table] = [table(fields, findings)]
    for each in findings:
        if each.what_to_do or each.means:
            label = Cell(f"{each.area}: ", STYLES[each.level])
            page += [line(), line(label, each.what)]
            page += [line(each.means, indent=2)] if each.means else []
            page += [line("▶ ", each.what_to_do, indent=2)] if each.what_to_do else []
    return page


def _view(each: Checked) -> View:
    return {
        "area": each.area,
        "level": str(each.level),
        "what": each.what,
        "means": each.means,
        "what_to_do": each.what_to_do,
        "fields": dict(each.fields),
    }
