"""What all commands have in common: lazy loading, one hook for errors, and the options that every command has."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, NamedTuple, NoReturn, TypeVar

import click
from click.shell_completion import CompletionItem

from archived import __version__
from archived.cli.output import print_error, print_json_error
from archived.errors import ArchivedError

PROGRAM = "archivedctl"
FAILED = 1
NEEDS_A_PERSON = 3
INTERRUPTED = 130
"""What shells expect of a program that Ctrl-C ended: 128 and the number of SIGINT."""

HELP = """Ask and steer the archiving of this rig's recordings.

Works while the daemon runs and while it does not.
"""

EPILOG = """\b
Examples:
  archivedctl status
  archivedctl list --h2o SC011
  archivedctl why /globus/map/raw/SC011

\b
The configuration is the first of: -c FILE, $ARCHIVED_CONFIG, ./archived.ini,
your own configuration folder, /etc/archived/archived.ini.

\b
Exit codes: 0 done, 1 failed, 2 usage, 3 something needs a person,
4 not logged in or not permitted, 78 bad configuration.
"""

F = TypeVar("F", bound=Callable[..., Any])


class CommandRow(NamedTuple):
    """One command: its name, and the sentence that `archivedctl --help` shows for it."""

    name: str
    summary: str


def module_of(command: str) -> str:
    """The name of the file of a command, which no dash may be in: `import-config` is `import_config`."""
    return command.replace("-", "_")


class Archivedctl(click.Group):
    """A group that imports a command's file when it is needed, and ends every error in one place."""

    def __init__(self, rows: Sequence[CommandRow], **settings: Any) -> None:
        super().__init__(**settings)
        self.rows = {row.name: row for row in rows}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of the table."""
        return list(self.rows)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; its module is imported only now."""
        if cmd_name not in self.rows:
            return None
        command = importlib.import_module(f"archived.cli.{module_of(cmd_name)}").command
        assert isinstance(command, click.Command)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Commands that begin as typed, from the table; options as click completes them."""
        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        return [
            CompletionItem(row.name, help=row.summary)
            for row in self.rows.values()
            if row.name.startswith(incomplete)
        ]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands from the table, without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(row.name, row.summary) for row in self.rows.values()])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = False,
        **extra: Any,
    ) -> Any:
        """Run a command line and exit with its code; see click's own."""
        arguments = list(sys.argv[1:] if args is None else args)
        _never_fail_on_encoding()
        try:
            code = super().main(
                arguments,
                prog_name=prog_name or PROGRAM,
                complete_var=complete_var,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                **extra,
            )
            sys.stdout.flush()
        except BrokenPipeError:
            _leave_output()
        except Exception as error:  # noqa: BLE001 - what is not expected is raised again by the hook
            _leave_lost_output(error)
            code = _report(error, as_json=_asked_for_json(arguments))
        except KeyboardInterrupt:
            code = INTERRUPTED
        sys.exit(code if isinstance(code, int) else 0)


def archivedctl(rows: Sequence[CommandRow]) -> Archivedctl:
    """The program with these commands."""
    return Archivedctl(
        rows,
        name=PROGRAM,
        help=HELP,
        epilog=EPILOG,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        params=[
            click.Option(
                ["-c", "--config"],
                metavar="FILE",
                help="The configuration; see below where it is looked for.",
                # Whether it can be used is told with the other mistakes of configurations.
                type=click.Path(readable=False),
            ),
            click.Option(
                ["--version"],
                is_flag=True,
                expose_value=False,
                is_eager=True,
                callback=_print_version,
                help="Show the version and exit.",
            ),
        ],
    )


def json_option(function: F) -> F:
    """`--json` for a command that prints a result."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print the result as JSON (docs/json.md)."
    )(function)


def examples(*lines: str) -> str:
    """The epilog of a command's help."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def _print_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(f"{PROGRAM} {__version__}")
        ctx.exit()


def _asked_for_json(arguments: Sequence[str]) -> bool:
    """Whether `--json` was typed; asked of the words, as the mistake may be in the words."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in options


def _report(error: Exception, *, as_json: bool) -> int:
    """Tell a person (or a script) what went wrong; returns the exit code, raises what is a bug."""
    if isinstance(error, ArchivedError):
        message, what_to_do, code = str(error), error.what_to_do, error.exit_code
    elif isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return error.exit_code
    elif isinstance(error, click.Abort):
        message, what_to_do, code = "Stopped; nothing was changed.", "", FAILED
    elif isinstance(error, click.ClickException):
        message, what_to_do, code = _usage(error)
    else:
        raise error
    if as_json:
        print_json_error(message, what_to_do)
    else:
        print_error(message, what_to_do)
    return code


def tell_of_mistake(
    _kind: type[BaseException], error: BaseException, _where: TracebackType | None
) -> None:
    """The traceback of a mistake of this program, as people report it: no secret in it, nor what steers a terminal."""
    import traceback

    from archived.core.paths import printable
    from archived.secrecy.redacting import redact_text

    text = redact_text("".join(traceback.format_exception(error)))
    for each in text.splitlines():
        click.echo(printable(each), err=True)


def _usage(error: click.ClickException) -> tuple[str, str, int]:
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f"Try '{context.command_path} --help'." if context is not None else ""
    return error.format_message(), hint, error.exit_code


def _never_fail_on_encoding() -> None:
    """A terminal that cannot show a character gets an escape instead of a traceback."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _leave_output() -> NoReturn:
    """The reader went away (`archivedctl list | head`): end without the interpreter's complaint at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(FAILED)


def _leave_lost_output(error: Exception) -> None:
    """End here if the error is that nothing can be printed, as on a full disk; else it is somebody else's."""
    if isinstance(error, OSError) and _while_printing(error):
        with contextlib.suppress(OSError):
            print_error(
                f"The result could not be printed: {error.strerror}. Whatever the command did is done.",
                "Make room where its output goes.",
            )
        _leave_output()


def _while_printing(error: OSError) -> bool:
    """Whether the error came out of click's one function that prints, or of what it left to be written."""
    import traceback

    frames = traceback.walk_tb(error.__traceback__)
    if any(frame.f_code is click.echo.__code__ for frame, _ in frames):
        return True
    try:
        sys.stdout.flush()
    except OSError:
        return True
    return False
