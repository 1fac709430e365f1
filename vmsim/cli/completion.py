"""`vmsim completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

VARIABLE = "_VMSIM_COMPLETE"


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    Examples:
      eval "$(vmsim completion bash)"
      vmsim completion fish > ~/.config/fish/completions/vmsim.fish
    """
    found = get_completion_class(shell)
    root = ctx.find_root().command
    if found is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    click.echo(found(root, {}, "vmsim", VARIABLE).source())
