"""Run the receiver in docs/paging.md as it is written there, and let the bot send its pages to it."""

import asyncio
import re
import socket
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Final

import pytest
import uvicorn

from bot.domain.errors import OutboundFailed, OutboundProblem
from bot.integrations.outbound.call import AllowedPlaces
from bot.integrations.outbound.http import OutboundHttp
from bot.integrations.paging import SignedWebhook
from bot.services.ports.paging import OutsideMessage
from tests.standins.paging.server import WEBHOOK_SECRET

_PAGE: Final = Path(__file__).parents[3] / "docs" / "paging.md"
_OTHER_SECRET: Final = "whsec_b3RoZXItb3RoZXItb3RoZXI="

MESSAGE: Final = OutsideMessage(
    key="k1",
    reference="incident-bot-INC-42",
    title="SEV1 · 決済 <API> が 5xx",
    text="INC-42",
    place=None,
    ack_link=None,
    is_emergency=True,
    facts={"incident": "INC-42"},
)


@dataclass(slots=True)
class Twilio:
    """What its library was asked for. It needs an account, so it is the one part that is not run."""

    sent: list[dict[str, str]] = field(default_factory=list)
    called: list[dict[str, str]] = field(default_factory=list)
    is_away: bool = False

    def client(self) -> object:
        return SimpleNamespace(
            messages=SimpleNamespace(create=lambda **asked: self._take(self.sent, asked)),
            calls=SimpleNamespace(create=lambda **asked: self._take(self.called, asked)),
        )

    def _take(self, taken: list[dict[str, str]], asked: dict[str, str]) -> None:
        if self.is_away:
            raise ConnectionError("Twilio is away")
        taken.append(asked)


@pytest.fixture
def twilio(monkeypatch: pytest.MonkeyPatch) -> Twilio:
    """In the place of its library."""
    made, module = Twilio(), ModuleType("twilio.rest")
    module.Client = made.client  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "twilio", ModuleType("twilio"))
    monkeypatch.setitem(sys.modules, "twilio.rest", module)
    monkeypatch.setenv("PAGE_WEBHOOK_SECRET", WEBHOOK_SECRET)
    monkeypatch.setenv("ONCALL_NUMBER", "+819012345678")
    monkeypatch.setenv("OUR_NUMBER", "+815012345678")
    return made


@asynccontextmanager
async def receiver() -> AsyncIterator[str]:
    """The example as a server on loopback; its address."""
    found = re.search(r"Twilio\n.*?```python\n(.*?)```", _PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(found[1], names)
    server = uvicorn.Server(uvicorn.Config(names["app"], log_level="critical", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/page"
        finally:
            server.should_exit = True
            await asyncio.to_thread(thread.join)


def bot(url: str, *, secret: str = WEBHOOK_SECRET) -> SignedWebhook:
    return SignedWebhook(OutboundHttp(allowed=AllowedPlaces.parse("127.0.0.1")), url=url, secret=secret)


async def test_a_page_is_one_message_and_one_call_however_often_it_comes(twilio: Twilio) -> None:
    """A page that comes twice leads to one message and one call.

    The call is in Japanese, and special characters of a title are escaped.
    """
    async with receiver() as url:
        for _ in range(2):
            await bot(url).page(MESSAGE, to=None)
    [sent], [called] = twilio.sent, twilio.called
    assert sent == {"body": f"{MESSAGE.title} INC-42", "to": "+819012345678", "from_": "+815012345678"}
    assert called["twiml"] == (
        '<Response><Say language="ja-JP">SEV1 · 決済 &lt;API&gt; が 5xx INC-42</Say></Response>'
    )


async def test_what_the_bot_has_not_signed_rings_nobody(twilio: Twilio) -> None:
    """A refusal, not an error: it is final."""
    async with receiver() as url:
        with pytest.raises(OutboundFailed) as failed:
            await bot(url, secret=_OTHER_SECRET).page(MESSAGE, to=None)
    assert failed.value.problem is OutboundProblem.UNAUTHORISED
    assert twilio.called == []


async def test_a_page_that_twilio_does_not_take_fails_and_may_come_again(twilio: Twilio) -> None:
    """A page that Twilio does not take fails, but not finally; when sent again, it leads to one call."""
    twilio.is_away = True
    async with receiver() as url:
        with pytest.raises(OutboundFailed) as failed:
            await bot(url).page(MESSAGE, to=None)
        assert not failed.value.problem.is_final
        twilio.is_away = False
        await bot(url).page(MESSAGE, to=None)
    assert len(twilio.called) == 1
