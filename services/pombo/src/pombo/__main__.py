"""Entry point of the `pombo` command."""

from pombo.cli import pombo


def main() -> None:
    """Run the command line."""
    pombo()


if __name__ == "__main__":
    main()
