"""The bot with a tenth of its pauses before it connects to Discord's gateway again, for tests alone.

After a refused IDENTIFY it waits for the second that Discord asks for at least, instead of up to five.

Usage:
    python -m tests.integration.process.hurried run
"""

from bot.cli.commands import main
from bot.process import gateway

if __name__ == "__main__":
    vars(gateway).update(_FIRST_PAUSE_S=0.1, _REFUSED_S=(1.0, 1.2))
    main()
