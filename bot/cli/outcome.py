"""The outcome of a command: its exit code, and one clear line for each expected error."""

import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import typer

from bot.domain.errors import (
    BotError,
    ConfigError,
    DeliveryRefused,
    StorageUnavailable,
    UnavailableError,
    UpstreamUnavailable,
)

if TYPE_CHECKING:
    from bot.runbook import Served

EXIT_OK: Final = 0
EXIT_FOUND: Final = 1  # it worked, and what it found is not well; or a part is away
EXIT_SETUP: Final = 2  # the set-up is wrong and has to be changed


@contextmanager
def ends_well() -> Iterator[None]:
    """Turn the errors raised on purpose into lines on stderr; anything else is a bug with its traceback.

    Raises:
        typer.Exit: with `EXIT_SETUP` or `EXIT_FOUND`.
    """
    try:
        yield
    except ConfigError as error:
        raise _ended(str(error), EXIT_SETUP) from None
    except (UnavailableError, DeliveryRefused) as error:
        raise _ended(_why(error), EXIT_FOUND) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None  # as shells count it: 128 + SIGINT


def _ended(message: str, code: int) -> typer.Exit:
    sys.stderr.write("".join(f"error: {line}\n" for line in message.splitlines()))
    return typer.Exit(code)


def _why(error: BotError) -> str:
    match error:
        case StorageUnavailable():
            return f"the database is not available: {error}"
        case UpstreamUnavailable():
            return f"not available: {error}"
        case _:
            return f"Discord refused: {error}; `incident-bot doctor` says what to do"


def server_named(served: "Served", guild_id: int) -> str:
    """Return "server 123: " where several are served, else nothing."""
    return "" if len(served.policies) == 1 else f"server {guild_id}: "


async def in_each_server(served: "Served", work: Callable[[int, str], Awaitable[None]]) -> None:
    """Do *work* for every server, given its id and `server_named`, even if Discord refuses it for one.

    Raises:
        DeliveryRefused: the first refusal, once all are done.
    """
    refused: list[DeliveryRefused] = []
    for guild_id in served.policies:
        where = server_named(served, guild_id)
        try:
            await work(guild_id, where)
        except DeliveryRefused as error:
            refused.append(
                DeliveryRefused(f"{where}{error.reason}", http_status=error.http_status, code=error.code)
            )
    if refused:
        raise refused[0]
