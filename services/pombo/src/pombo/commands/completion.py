"""`pombo completion`: the script that completes commands, options and instance names in a shell."""

import click
from click.shell_completion import get_completion_class

PROGRAM = "pombo"
VARIABLE = "_POMBO_COMPLETE"
HOW = """\b
Print the script that completes commands, options and the names of instances.

\b
  bash  echo 'eval "$(pombo completion bash)"' >> ~/.bashrc
  zsh   echo 'eval "$(pombo completion zsh)"' >> ~/.zshrc
  fish  pombo completion fish > ~/.config/fish/completions/pombo.fish
"""


@click.command(help=HOW)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script; click answers what it asks."""
    script = get_completion_class(shell)
    if script is not None:
        click.echo(script(context.find_root().command, {}, PROGRAM, VARIABLE).source())
