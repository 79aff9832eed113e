"""Suspects that are switched off after a card was posted."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.capability import capability_names
from bot.client import IncidentBot
from bot.domain.errors import UserError
from bot.domain.systems import ChangeKind, RecentChange
from bot.i18n import Texts
from bot.registration import our_commands
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.incidents import IncidentRows
from bot.ui.posts.renderer import is_refreshed
from bot.ui.screens.incident_console import show_screen
from cogs.suspects.rules import ChangeSource, SuspectKind
from cogs.suspects.use_cases import NewRollback, SuspectUseCases
from tests.cogs.suspects.acts import read_from, stored_card, suspects
from tests.services.desk import PRIMARY, Desk
from tests.unit.ui import samples, screens


async def with_card(desk: Desk) -> int:
    """An incident with a card and a decision."""
    at = desk.clock.time - timedelta(minutes=5)

    async def read(*_: object) -> list[RecentChange]:
        return [RecentChange(kind=ChangeKind.MERGE, what="#12", at=at)]

    read_from(desk, ChangeSource("github_merges", read))
    number = (await desk.open("SEV1")).id
    await desk.work()
    new = NewRollback(rolls_back=True, reason="5xx", key="k")
    await suspects(desk).rollbacks.decide(number, new, by=PRIMARY)
    await desk.work()
    return number


def switch_off(desk: Desk) -> None:
    """As the policy does."""
    desk.policy = replace(desk.policy, off=capability_names())
    desk.use(desk.discord)


async def test_what_was_decided_is_shown_plainly_and_nothing_is_asked(desk: Desk) -> None:
    """The timeline names the entry; the card stays as it is; the select offers no decision."""
    number = await with_card(desk)
    switch_off(desk)
    await desk.lifecycle.resolve(number, by=PRIMARY)
    await desk.work()
    (card,) = [
        one for one in await DeliveryRows(desk.store.sql).posts(number) if one.kind is SuspectKind.SUSPECTS
    ]
    view = await desk.looking.view(number, by=PRIMARY)
    words = replace(samples.JA, policy=desk.policy)
    assert not is_refreshed(words, card, view.incident)
    voice = replace(screens.JA, policy=desk.policy)
    shown = screens.words(show_screen(voice, view))
    assert "↩️ 戻すかを判断" in shown
    assert "roll_back" not in str(show_screen(voice, view).to_components())  # type: ignore[no-untyped-call]
    with pytest.raises(UserError, match="capability_off"):
        desk.services.of(SuspectUseCases)


async def test_a_severe_incident_gets_no_card_and_may_become_private(desk: Desk) -> None:
    """No job is queued, and the job that edits its posts does without the cards of others."""
    await with_card(desk)
    switch_off(desk)
    other = await desk.open("SEV1", key="other")
    await desk.work()
    assert await stored_card(desk, other.id) is None
    await desk.lifecycle.resolve(other.id, by=PRIMARY)
    await desk.privacy.make_private(other.id, by=PRIMARY)
    await desk.work()
    assert (await IncidentRows(desk.store.sql).incident(other.id)).is_private


async def subcommands(desk: Desk) -> set[str]:
    """The commands below `/incident` that the guild has."""
    bot = IncidentBot(texts=Texts.load(), guilds=lambda _: desk.guilds)
    await bot.setup_hook()
    commands = await our_commands(bot, desk.guild_id)
    return {
        one["name"] for command in commands if command["name"] == "incident" for one in command["options"]
    }


async def test_the_guild_lacks_its_command(desk: Desk) -> None:
    """`/incident similar` is there unless it is switched off; the core's are there in any case."""
    before = await subcommands(desk)
    switch_off(desk)
    after = await subcommands(desk)
    assert "similar" in before - after
    assert "show" in after
