"""``python -m rescind``, and the command of that name."""

import gc

# What is made while the program is read stays for as long as it runs. Looking through it for garbage again and again
# is a sixth of the time to start.
gc.disable()

from rescind.cli import main as command  # noqa: E402


def main() -> None:
    """Read the program, then run a command."""
    gc.freeze()
    gc.enable()
    command()


if __name__ == "__main__":
    main()
