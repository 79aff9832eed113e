"""Posts about several things, once one of the incidents that they list is private."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.domain.delivery.delivery import Delivery, Posted, Request
from bot.domain.delivery.kinds import Action
from bot.domain.incident.parts import Postmortem, PostmortemState
from bot.domain.postmortems import OwedPostmortem
from bot.domain.statistics.period import IsoWeek
from cogs.digest.rules import Digest, DigestDelivery
from cogs.oncall.rules import OnCallDelivery
from local_discord.messages.posting import remove
from tests.integration.discord_api.notifier_world import (
    ALERTS,
    GUILD,
    INCIDENT,
    NotifierWorld,
    owed,
    running_world,
    sent,
)

HERE = replace(INCIDENT, post=replace(INCIDENT.post, channel_id=ALERTS, message_id=900))
OTHER = replace(HERE, id=4, title="検索が遅い")
SECRET = replace(HERE, is_private=True)
OWED = Postmortem(state=PostmortemState.OWED, owner_id=101, owner_name="primary", due_on=date(2026, 11, 20))
WEEK = Digest(
    IsoWeek(2026, 48),
    missed=(HERE, OTHER),
    open=(HERE,),
    postmortems=(OwedPostmortem(OTHER, OWED),),
    today=date(2026, 11, 30),
)


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NotifierWorld]:
    """A fresh Discord."""
    async with running_world(monkeypatch) as fresh:
        yield fresh


async def digest(world: NotifierWorld) -> Delivery:
    """The digest of a week with two open incidents."""
    posted = await world.deliver(owed(DigestDelivery.POST, to="channel:p0-alerts"), WEEK)
    return sent(DigestDelivery.POST, posted)


def told(world: NotifierWorld, post: Delivery) -> str:
    """Every word of a post."""
    there = world.message(Posted(post.channel_id or 0, post.message_id or 0))
    return f"{there.content} {there.embeds} {there.components}"


async def test_a_digest_loses_the_lines_about_a_private_incident(world: NotifierWorld) -> None:
    """Its title and state go, in whatever part of the digest; all about the others stays, without a ping.

    A second look finds nothing left to edit, and only then the post is done.
    """
    post = await digest(world)
    before = told(world, post)
    assert INCIDENT.title in before
    first = await world.notifier.unname(SECRET, [post])
    assert (list(first.done), first.again_in) == ([], timedelta(seconds=2))
    after = told(world, post)
    assert INCIDENT.title not in after
    assert "決済" not in after
    assert after.count("INC-42 非公開にしました") == before.count(INCIDENT.title)
    assert after.count(OTHER.title) == before.count(OTHER.title) > 0
    edits = len(world.requests("PATCH"))
    assert list((await world.notifier.unname(SECRET, [post])).done) == [post.id]
    assert len(world.requests("PATCH")) == edits


async def test_what_names_another_number_is_left_alone(world: NotifierWorld) -> None:
    """INC-4 is not INC-42."""
    posted = await world.deliver(
        owed(DigestDelivery.POST, to="channel:p0-alerts"),
        replace(WEEK, missed=(), open=(HERE,), postmortems=()),
    )
    post = sent(DigestDelivery.POST, posted)
    result = await world.notifier.unname(replace(OTHER, is_private=True), [post])
    assert (list(result.done), world.requests("PATCH")) == ([post.id], [])


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("SEV1：ack まで 3 分 · 最長 [INC-42](https://discord.com/channels/7/1/2)", "SEV1：ack まで 3 分"),
        (
            "⏰ 朝のトリアージ · 誰も引き受けていません：INC-4, INC-42",
            "⏰ 朝のトリアージ · 誰も引き受けていません：INC-4, 🔒",
        ),
        ("**INC-42** 決済 API が 5xx · 3 分\n**INC-4** 検索", "🔒 INC-42 非公開にしました\n**INC-4** 検索"),
        ("INC-42 の続き\n決済 API が 5xx が起きた\n残る行", "🔒 INC-42 非公開にしました\n残る行"),
        ("`A-3` **権限を絞る**\n-# 期限 12/1 · INC-42", "`A-3` **権限を絞る**\n🔒 INC-42 非公開にしました"),
        ("- A-3 権限を絞る · INC-42 · 12/1", "🔒 INC-42 非公開にしました"),
        ("**INC-42** 旧い件名 · 1 日前\n-# 原因：設定の誤り\n残る行", "🔒 INC-42 非公開にしました\n残る行"),
        ("INC-421 と INC-4", "INC-421 と INC-4"),
    ],
)
async def test_facts_and_lists_lose_only_what_is_about_it(world: NotifierWorld, line: str, left: str) -> None:
    """A fact at the end of a line goes, a number in a list becomes 🔒, and a line about it is replaced."""
    request = Request(Action.MESSAGE, ALERTS, None, {"content": line})
    post = sent(OnCallDelivery.HANDOVER, await world.notifier.send(request, nonce="n"))
    await world.notifier.unname(SECRET, [post])
    assert world.message(Posted(ALERTS, post.message_id or 0)).content == left


async def test_the_choices_of_a_select_keep_their_values(world: NotifierWorld) -> None:
    """The title goes from an option; the id behind it stays, so that the select still works."""
    options = [{"label": f"INC-{one.id} {one.title}", "value": f"INC-{one.id}"} for one in (HERE, OTHER)]
    select = {"type": 3, "custom_id": "inc:v1:x:1", "options": options}
    body = {"content": "INC-42", "components": [{"type": 1, "components": [select]}]}
    request = Request(Action.MESSAGE, ALERTS, None, body)
    post = sent(OnCallDelivery.HANDOVER, await world.notifier.send(request, nonce="n"))
    await world.notifier.unname(SECRET, [post])
    there = told(world, post)
    assert INCIDENT.title not in there
    assert "'value': 'INC-42'" in there
    assert OTHER.title in there


async def test_a_post_that_is_gone_or_refused_is_done(world: NotifierWorld) -> None:
    """A deleted post is done; one that Discord refuses to edit is done as well, and reported."""
    post = await digest(world)
    world.break_down({"status": 403, "code": 50001, "times": 1}, route=f"PATCH /channels/{ALERTS}/messages/*")
    refused = await world.notifier.unname(SECRET, [post])
    assert (list(refused.done), list(refused.refused)) == ([post.id], [post.id])
    remove(world.sandbox.core, world.message(Posted(ALERTS, post.message_id or 0)))
    gone = await world.notifier.unname(SECRET, [post])
    assert (list(gone.done), list(gone.refused)) == ([post.id], [])
    assert post.guild_id == GUILD
