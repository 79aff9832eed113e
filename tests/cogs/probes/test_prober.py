"""The prober against servers that misbehave."""

import asyncio
import threading
from datetime import timedelta

from bot.domain.errors import OutboundProblem
from bot.domain.systems import HttpTarget, SystemState
from bot.integrations.outbound.call import AllowedPlaces
from bot.integrations.outbound.http import OutboundHttp
from cogs.probes.rules import ProbeRules
from cogs.probes.use_cases import HttpProber
from tests.integration.outbound.upstream import says, upstream

OK = says(200, b'{"ok": true}')


def _here() -> OutboundHttp:
    return OutboundHttp(allowed=AllowedPlaces.parse("127.0.0.1"))


async def test_a_probe_asks_once_and_is_cut_at_its_own_timeout() -> None:
    """A probe asks once and is cut at its own timeout, whether its target never answers or never stops."""

    async def hang(_nth: int, _writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async def drip(_nth: int, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1\r\nx\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)  # endlessly, and never silent

    for behaviour in (hang, drip):
        async with upstream(behaviour) as there:
            target = HttpTarget(f"http://127.0.0.1:{there.port}/")
            rules = ProbeRules("api", "api", target, "SEV1", timeout=timedelta(seconds=0.2))
            found = await HttpProber(_here).ask(rules)
            assert found.values == {"problem": OutboundProblem.TIMEOUT}
            assert len(there.heads) == 1


async def test_a_probe_imports_its_client_beside_the_event_loop() -> None:
    """The first request would hold up the answers to people for a tenth of a second."""
    threads: list[int] = []

    def outbound() -> OutboundHttp:
        threads.append(threading.get_ident())
        return OutboundHttp(allowed=AllowedPlaces.parse("127.0.0.1"))

    async with upstream(OK) as there:
        rules = ProbeRules("a", "a", HttpTarget(f"http://127.0.0.1:{there.port}/", needs_ok=True), "SEV1")
        found = await HttpProber(outbound).ask(rules)
    assert found.state is SystemState.OK
    assert threading.get_ident() not in threads
