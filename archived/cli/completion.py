"""`archivedctl completion`."""

from __future__ import annotations

import click
from click.shell_completion import ShellComplete, get_completion_class

from archived.cli.shell import PROGRAM, examples


@click.command(
    epilog=examples(
        "archivedctl completion bash > ~/.local/share/bash-completion/completions/archivedctl",
        "archivedctl completion zsh > ~/.zfunc/_archivedctl",
        "archivedctl completion fish > ~/.config/fish/completions/archivedctl.fish",
    )
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script that completes commands, options and names of datasets in a shell."""
    kind = get_completion_class(shell)
    assert kind is not None
    variable = f"_{PROGRAM}_COMPLETE".upper()
    script = kind(ctx.find_root().command, {}, PROGRAM, variable)
    # The plain source: bash's own method first asks the bash on this machine for its version.
    click.echo(ShellComplete.source(script))
