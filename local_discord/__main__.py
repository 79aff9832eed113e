"""``python -m local_discord --port 0 --json``: a local Discord until SIGTERM or SIGINT."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path

from local_discord.gateway.rules import GatewayRules
from local_discord.server import Address, NotLoopback, serve
from local_discord.world.state import BadState

_LAST_PORT = 65_535


def main(argv: list[str] | None = None) -> int:
    """Parse *argv*, serve, and return the exit status."""
    parser = argparse.ArgumentParser(prog="local-discord", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address (default: 127.0.0.1)")
    parser.add_argument("--port", type=_port, default=0, help="0 takes a free port (default)")
    parser.add_argument("--json", action="store_true", help="print the address as one line of JSON")
    parser.add_argument("--state", type=Path, metavar="FILE", help="begin with this state; SIGTERM saves it")
    parser.add_argument(
        "--strict", action="store_true", help="one IDENTIFY in 5 s, all members once in 30 s, as on Discord"
    )
    args = parser.parse_args(argv)
    rules = GatewayRules.strict() if args.strict else GatewayRules()
    serving = partial(serve, host=args.host, port=args.port, rules=rules, state=args.state)

    def announce(address: Address) -> None:
        told = (f"Page {address.page}", f"API {address.api_base}", f"Human side {address.human}")
        sys.stdout.write((address.to_json() if args.json else "\n".join(told)) + "\n")
        sys.stdout.flush()

    try:
        asyncio.run(_until_signal(lambda: serving(on_ready=announce)))
    except (NotLoopback, BadState, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: take a number from 0 to {_LAST_PORT}")
    return int(text)


async def _until_signal(serving: Callable[[], Coroutine[None, None, None]]) -> None:
    task = asyncio.ensure_future(serving())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await task


if __name__ == "__main__":
    raise SystemExit(main())
