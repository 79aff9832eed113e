"""A program that says what it was given; with the argument "wait" it stays until it is ended."""

import json
import os
import signal
import sys
import time

_IS_WARM = "bot.app" in sys.modules  # before anything of the bot's is imported here

from bot.storage.database.pools import process_id  # noqa: E402 -- as is said above

if __name__ == "__main__":
    print(  # noqa: T201 -- its output is what it is for
        json.dumps(
            {
                "arguments": sys.argv[1:],
                "folder": os.getcwd(),  # noqa: PTH109 -- as the operating system has it
                "settings": {name: os.environ.get(name) for name in ("DISCORD_TOKEN", "DISCORD_API_BASE")},
                "is_warm": _IS_WARM,
                "east_of_utc_s": time.localtime().tm_gmtoff,
                "process": str(process_id()),
                "is_session": os.getsid(0) == os.getpid(),
                "ignored": [int(one) for one in signal.Signals if signal.getsignal(one) is signal.SIG_IGN],
            }
        )
    )
    print("終わり", file=sys.stderr)  # noqa: T201
    if "wait" in sys.argv:
        signal.pause()
    sys.exit(3)
