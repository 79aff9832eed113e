"""A short-lived process that does one piece of work for us, on input that a stranger may have written."""

import asyncio
import sys
from collections.abc import Mapping
from contextlib import suppress


async def run_worker(*arguments: str, work: bytes, env: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """Run Python with *arguments* on *work*, and kill it if the caller gives up first.

    Args:
        env: All that the process sees of an environment. It never sees ours, which holds secrets.

    Returns:
        How it ended (0: it did its work), and what it wrote.

    Raises:
        OSError: there is no room for another process.
    """
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL, env=env or {}
    )
    try:
        output, _ = await child.communicate(work)
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    return child.returncode or 0, output
