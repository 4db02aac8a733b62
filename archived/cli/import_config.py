"""`archivedctl import-config`."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click

from archived.cli.caller import Caller, pass_caller
from archived.cli.importing import STANDARD_OUTPUT, Asked, run
from archived.cli.output import (
    Cell,
    Field,
    Line,
    Style,
    Table,
    line,
    plain_lines,
    print_json,
    table,
    talk,
)
from archived.cli.shell import NEEDS_A_PERSON, examples, json_option
from archived.cli.views import View

STYLES = {
    "carried": Style.GOOD,
    "supplied": Style.WARN,
    "left": Style.DIM,
    "needed": Style.BAD,
}

FIELDS = (
    Field[View]("", lambda view: Cell(view["outcome"], STYLES[view["outcome"]])),
    Field[View]("OLD SETTING", lambda view: view["key"]),
    Field[View]("WHAT BECAME OF IT", lambda view: view["what"]),
)


def rig_option(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """A name that a configuration may have."""
    from archived.config.kinds import name

    try:
        return None if value is None else name(value)
    except ValueError as error:
        raise click.BadParameter(f"expected {error}") from None


def whole_path(_ctx: click.Context, _parameter: click.Parameter, value: Path | None) -> Path | None:
    """A path that means the same in every folder."""
    return None if value is None else value.expanduser().absolute()


@click.command(
    "import-config",
    epilog=examples(
        "archivedctl import-config dj_local_conf.json",
        "archivedctl import-config dj_local_conf.json -o /etc/archived/archived.ini --rig rig-1",
        "archivedctl import-config dj_local_conf.json --output -",
        "archivedctl import-config dj_local_conf.json --take-token",
    ),
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "-o",
    "--output",
    default="archived.ini",
    show_default=True,
    metavar="FILE",
    help="What to write; - is standard output.",
)
@click.option(
    "--rig",
    metavar="NAME",
    callback=rig_option,
    help="The name of this rig; else that of the machine.",
)
@click.option("--force", is_flag=True, help="Replace files that are there already.")
@click.option(
    "--documented-paths",
    is_flag=True,
    help="Where the old file names no storage locations, take those of map-ephys' documentation and not its code's.",
)
@click.option(
    "--client-id",
    type=click.UUID,
    metavar="UUID",
    help="The application to log in with; with --take-token, the one that the old login belongs to.",
)
@click.option(
    "--take-token", is_flag=True, help="Take over the old login, if Globus still accepts it."
)
@click.option(
    "--password-file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=whole_path,
    help="Write the password of the database into this file, with mode 0600.",
)
@json_option
@pass_caller
def command(
    caller: Caller,
    file: Path,
    output: str,
    rig: str | None,
    force: bool,
    documented_paths: bool,
    client_id: UUID | None,
    take_token: bool,
    password_file: Path | None,
    as_json: bool,
) -> None:
    """Write an archived.ini from the dj_local_conf.json of map-ephys.

    Reports what became of every setting. The old file is only read, and none is replaced without --force; secrets
    are never shown, and taken only on request. Exits with 3 when something is left for a person to decide.
    """
    asked = Asked(
        source=file,
        output=None if output == STANDARD_OUTPUT else Path(output).expanduser().absolute(),
        rig=rig,
        force=force,
        documented_paths=documented_paths,
        client_id=None if client_id is None else str(client_id),
        take_token=take_token,
        password_file=password_file,
    )
    view = run(asked, caller.environ)
    if as_json:
        print_json(view)
    elif view["output"] is None:
        click.echo(view["text"], nl=False)
        for each in plain_lines(page_of(view)):
            talk(each or " ")
    else:
        caller.show(page_of(view))
    click.get_current_context().exit(NEEDS_A_PERSON if needs_a_person(view) else 0)


def needs_a_person(view: View) -> bool:
    """Whether something is left to decide."""
    return any(each["outcome"] == "needed" for each in view["report"])


def page_of(view: View) -> list[Line | Table]:
    """The report for a person, and what to do next."""
    rows = sorted(view["report"], key=lambda each: list(STYLES).index(each["outcome"]))
    page: list[Line | Table] = [table(FIELDS, rows), line()]
    if view["output"] is None:
        return page[:1]
    page.append(line(Cell("Written: ", Style.STRONG), view["output"]))
    if view["password_file"]:
        page.append(line(Cell("Written: ", Style.STRONG), view["password_file"]))
    if view["token_file"]:
        page.append(line(Cell("Logged in: ", Style.STRONG), view["token_file"]))
    if not view["loads"]:
        said = "It cannot be used yet: decide what is needed, and complete it."
        page.append(line(Cell(said, Style.BAD)))
    page.append(line("▶ ", f"archivedctl -c {view['output']} check", indent=2))
    return page
