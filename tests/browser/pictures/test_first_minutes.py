"""The first minutes on a phone: what the thread holds, who is rung outside, and the decision to roll back."""

import copy
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.async_api import expect

from local_discord.server import LocalDiscord
from tests.browser.conftest import Visit
from tests.browser.pictures.pictures import LARGE_PHONE, Album, by_language
from tests.browser.visitor.visitor import Visitor
from tests.e2e.conftest import LIMITS_SPEED, Commands, MakeWorld
from tests.e2e.incidents.first_minutes import ALERT, BEARER, connected, hook
from tests.e2e.world.opening import open_world
from tests.e2e.world.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


#: What the card of what changed begins with.
CARD: Final = "🔎"


@dataclass(frozen=True, slots=True)
class Look:
    """What the phone shows in one language.

    Attributes:
        channels, thread, submit: The page's own buttons, and the field of the form.
        tracked, declare, open: The alert, before and after it is made an incident.
        sheet, down, changed: The commands, the state of a system, and what changed before.
        results: What was rung outside.
    """

    language: str
    locale: str
    summary: str
    channels: str
    tracked: str
    declare: str
    open: str
    sheet: str
    down: str
    changed: str
    results: str
    roll_back: str
    field: str
    reason: str
    submit: str
    dismiss: str
    decided: str


LOOKS: Final = (
    Look(
        language="ja",
        locale="ja-JP",
        summary="決済 API が 5xx",
        channels="チャンネル一覧を開く",
        tracked="ALERT-1",
        declare="インシデントにする",
        open="未対応",
        sheet="まずはこのコマンド",
        down="HTTP 503",
        changed="12 分前",
        results="Discord の外",
        roll_back="ロールバックを記録",
        field="理由",
        reason="12 分前のデプロイの直後から 5xx",
        submit="送信",
        dismiss="メッセージを閉じる",
        decided="と決めました",
    ),
    Look(
        language="en",
        locale="en-US",
        summary="Payments API returns 5xx",
        channels="Open the channel list",
        tracked="ALERT-1",
        declare="Make it an incident",
        open="Unacknowledged",
        sheet="Commands to start with",
        down="HTTP 503",
        changed="12 min before",
        results="Outside Discord",
        roll_back="Record a roll-back",
        field="Why",
        reason="5xx since the deployment 12 minutes before",
        submit="Submit",
        dismiss="Dismiss message",
        decided="decided to roll back",
    ),
)


@pytest.fixture
def make_world(commands: Commands, database_url: str, tmp_path: Path) -> MakeWorld:
    """Opens a local Discord and a database; the bot is started in it."""

    @asynccontextmanager
    async def make(**env: str) -> AsyncIterator[World]:
        registered = copy.deepcopy(commands)
        async with open_world(
            database_url, commands=registered, folder=tmp_path, limits_speed=LIMITS_SPEED, **env
        ) as made:
            yield made
            assert made.complaints() == []

    return make


async def fire(world: World, summary: str) -> None:
    """Call the bot as Alertmanager does (webhook, version 4)."""
    alert = {
        "status": "firing",
        "labels": ALERT,
        "annotations": {"summary": summary},
        "startsAt": datetime.now(UTC).isoformat(),
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example/graph",
        "fingerprint": "c0ffee",
    }
    body = {
        "version": "4",
        "groupKey": '{}:{alertname="HighErrorRate"}',
        "status": "firing",
        "receiver": "bot",
        "groupLabels": {},
        "commonLabels": ALERT,
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example",
        "alerts": [alert],
    }
    async with httpx.AsyncClient(trust_env=False) as client:
        headers = {"Authorization": f"Bearer {BEARER}"}
        (await client.post(hook(world), json=body, headers=headers)).raise_for_status()


async def enter_alerts(phone: Visitor, look: Look) -> None:
    """Open the channel of the alerts."""
    await phone.page.get_by_role("button", name=look.channels).click()
    await phone.go("p0-alerts")


async def declare(phone: Visitor, look: Look) -> None:
    """Make the alert an incident, and open its thread."""
    await enter_alerts(phone, look)
    await phone.sees(look.tracked)
    await phone.press(look.declare)
    await phone.sees(look.open)
    await phone.main.locator(".thread-card").click()


async def roll_back(phone: Visitor, look: Look) -> None:
    """Decide, with a reason, and close the answer; the card and the thread say so."""
    await phone.main.get_by_role("button", name=look.roll_back, exact=True).click()
    form = phone.page.get_by_role("dialog")
    await form.get_by_label(look.field).fill(look.reason)
    await phone.press(look.submit, within=form)
    await phone.press(look.dismiss)
    await phone.sees(look.decided)
    await expect(phone.message(CARD)).to_contain_text("@responder")


@by_language("look", LOOKS, first="ja")
async def test_first_minutes_on_a_phone(
    make_world: MakeWorld,
    visitor_of: Callable[[LocalDiscord], Visit],
    album: Album,
    tmp_path: Path,
    look: Look,
) -> None:
    """One tap makes the alert an incident; the thread fills in; phones ring; a decision is recorded."""
    async with connected(make_world, tmp_path, language=look.language) as (world, outside):
        await fire(world, look.summary)
        async with visitor_of(world.sandbox)(size=LARGE_PHONE, locale=look.locale) as phone:
            await declare(phone, look)
            for part in (look.sheet, look.down, look.changed):
                await phone.sees(part)
            first = phone.message(look.sheet)
            await album.take(phone, f"first-minutes.{look.language}", first=first)
            await world.fast_forward(minutes=15)
            await world.settle()
            assert len(outside.pagerduty.told("trigger")) == 1
            await roll_back(phone, look)
            await album.take(phone, f"rollback.{look.language}", first=phone.message(CARD))
            await enter_alerts(phone, look)
            await phone.sees(look.results)
            await expect(phone.message(look.results)).to_contain_text("PagerDuty")
            await album.take(phone, f"pages-out.{look.language}", first=phone.message(look.results))
