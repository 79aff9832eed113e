"""The command line, `local-discord`: serve a local Discord until Ctrl-C or SIGTERM."""

import argparse
import asyncio
import errno
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path

from local_discord.core import Core
from local_discord.gateway.rules import GatewayRules
from local_discord.server import Address, NotLoopback, serve
from local_discord.world.saving.state import BadState
from local_discord.world.seed import NameTaken, default_world

_LAST_PORT = 65_535
_DESCRIPTION = "Serve a Discord on this machine: REST v10, the gateway, a page, and people to act in it."
_EPILOG = "Ctrl-C ends it. The page is where you are the people; your bot connects to the rest."


def main(argv: list[str] | None = None) -> int:
    """Parse *argv*, serve, and return the exit status."""
    args = _parser().parse_args(argv)
    announce = partial(_announce, as_json=args.json)
    try:
        core = Core(
            world=default_world(args.bot_name),
            rules=GatewayRules.strict() if args.strict else GatewayRules(),
        )
        serving = partial(serve, host=args.host, port=args.port, core=core, state=args.state)
        asyncio.run(_until_signal(lambda: serving(on_ready=announce)))
    except (NotLoopback, NameTaken, BadState, OSError) as error:
        sys.stderr.write(f"{_failure(error, port=args.port)}\n")
        return 2
    return 0


def _failure(error: Exception, *, port: int) -> str:
    """Return what went wrong; for a port that another program uses, also what to do."""
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"port {port} is in use: choose another one with --port (0 takes a free one)"
    return str(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="local-discord", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address (default: 127.0.0.1)")
    parser.add_argument("--port", type=_port, default=0, help="0 takes a free port (default)")
    parser.add_argument("--bot-name", default="bot", help="what your bot is called there (default: bot)")
    parser.add_argument("--json", action="store_true", help="print the address as one line of JSON")
    parser.add_argument("--state", type=Path, metavar="FILE", help="begin with this state; the end saves it")
    parser.add_argument(
        "--strict", action="store_true", help="one IDENTIFY in 5 s, all members once in 30 s, as on Discord"
    )
    return parser


def _announce(address: Address, *, as_json: bool) -> None:
    sys.stdout.write((address.to_json() if as_json else _in_words(address)) + "\n")
    sys.stdout.flush()


def _in_words(address: Address) -> str:
    """The addresses, then the environment of a bot, ready to be pasted into a shell."""
    addresses = (f"Page {address.page}", f"API {address.api_base}", f"Human side {address.human}")
    exports = [f"  export {name}={value}" for name, value in address.environment().items()]
    return "\n".join((*addresses, "", "For your bot:", *exports))


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
