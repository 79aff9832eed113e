"""``python -m bot`` and ``incident-bot``: the command line."""

from bot.cli.commands import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
