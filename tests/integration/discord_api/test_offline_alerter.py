"""Telling people without a database, over real sockets against the local Discord."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from bot.domain.oncall.people import OnCallPerson
from bot.domain.outage import OfflineKind, OfflineMessage, UnansweredPost, Watch
from bot.runbook import default_policy_text, parse_policy
from bot.ui.posts.mails import emergency_post
from local_discord.messages.posting import remove
from tests.integration.discord_api.notifier_world import ALERTS, GUILD, NotifierWorld, running_world
from tests.unit.ui.samples import watch

WAITED = timedelta(minutes=15)


@pytest_asyncio.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NotifierWorld]:
    """A fresh local Discord."""
    async with running_world(monkeypatch) as made:
        yield made


async def nobody(_guild_id: int) -> dict[str, OnCallPerson]:
    """Return no one on call."""
    return {}


def passed() -> Watch:
    """An alert whose deadline has just passed."""
    return watch(guild_id=GUILD, raised_at=datetime.now(UTC) - WAITED)


def escalation(missed: Watch, *, rings: bool = True) -> OfflineMessage:
    """What is said of it."""
    since = missed.raised_at + WAITED
    return OfflineMessage(
        OfflineKind.ESCALATION, "inc:42:step:1:channel", "channel", rings, WAITED, sought_since=since
    )


async def test_what_another_process_has_posted_is_not_posted_again(world: NotifierWorld) -> None:
    """An escalation that another process has posted, under another nonce, is found and not posted again.

    A nonce holds for minutes only, so the message itself has to be found.
    """
    offline_alerter, missed = world.notifier.offline_alerter(nobody), passed()
    first = await offline_alerter.post(missed, escalation(missed), nonce="theirs")
    again = await offline_alerter.post(missed, escalation(missed), nonce="ours")
    assert again == first
    assert len(world.messages(ALERTS)) == 1


async def test_what_discord_has_and_never_said_is_found(world: NotifierWorld) -> None:
    """An alert that Discord took without an answer is found by the words sent then, and not posted again.

    These words differ from those that are sent without a database.
    """
    offline_alerter, missed = world.notifier.offline_alerter(nobody), passed()
    first = await offline_alerter.post(missed, escalation(missed), nonce="theirs")
    body = emergency_post(world.notifier._words, missed, escalation(missed))
    alert = OfflineMessage(
        OfflineKind.ALERT,
        "inc:42:alert",
        "channel",
        rings=True,
        attempt=UnansweredPost(missed.raised_at, json.dumps(body)),
    )
    assert await offline_alerter.post(missed, alert, nonce="ours") == first
    assert len(world.messages(ALERTS)) == 1


@pytest.mark.parametrize("rings", [True, False])
async def test_what_was_deleted_since_rings_no_second_time(world: NotifierWorld, *, rings: bool) -> None:
    """A message that was posted and deleted is posted once more with the same nonce, without a ping."""
    missed = passed()
    first = await world.notifier.offline_alerter(nobody).post(
        missed, escalation(missed, rings=rings), nonce="ours"
    )
    remove(world.sandbox.core, world.message(first))
    again = await world.notifier.offline_alerter(nobody).post(
        missed, escalation(missed, rings=rings), nonce="ours"
    )
    assert again.message_id != first.message_id
    assert not world.message(again).mention_everyone
    assert again.pinged == rings
    other = replace(escalation(missed, rings=rings), sought_since=None)
    theirs = await world.notifier.offline_alerter(nobody).post(missed, other, nonce="ours")
    assert theirs.message_id == again.message_id
    assert len(world.messages(ALERTS)) == 1


async def test_a_history_that_cannot_be_read_keeps_nobody_silent(world: NotifierWorld) -> None:
    """An escalation is posted with its ping even if the channel's history cannot be read.

    Posting it twice is better than never.
    """
    world.break_down({"status": 503, "times": None}, route="GET /channels/*/messages")
    missed = passed()
    posted = await world.notifier.offline_alerter(nobody).post(missed, escalation(missed), nonce="ours")
    assert world.message(posted).mention_everyone


async def test_a_step_that_mentions_nobody_rings_nobody(world: NotifierWorld) -> None:
    """An escalation step that mentions nobody rings nobody, whatever the alert of its severity does."""
    missed = passed()
    quiet = escalation(missed, rings=False)
    posted = await world.notifier.offline_alerter(nobody).post(missed, quiet, nonce="ours")
    assert not world.message(posted).mention_everyone


async def test_a_team_hears_of_it_in_its_language(world: NotifierWorld) -> None:
    """Without the database, too, posts and emails are in the language of the incident's team."""
    policy = parse_policy(default_policy_text() + '[teams.web]\nlanguage = "en"\n', name="x.toml")
    offline_alerter = world.make(policy=policy).offline_alerter(nobody)
    told = []
    for number, team in enumerate((None, "web")):
        missed = replace(passed(), team=team)
        await offline_alerter.post(missed, escalation(missed), nonce=f"n{number}")
        person = OnCallPerson("primary", "primary", "primary@example.com")
        mail = offline_alerter.mail(missed, OfflineKind.ESCALATION, to=person, nonce="m", first="m")
        told.append(world.messages(ALERTS)[-1].content + mail.body)
    assert ["経っても" in one for one in told] == [True, False]
    assert ["お知らせしています" in one for one in told] == [True, False]
