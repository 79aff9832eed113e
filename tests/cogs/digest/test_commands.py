"""`/digest`, as people use it."""

from datetime import timedelta

from bot.domain.statistics.period import IsoWeek
from cogs.digest.rules import DigestDelivery
from tests.integration.cogs.console_world import ConsoleWorld, shown


def this_week(world: ConsoleWorld) -> IsoWeek:
    """The week that it is now: these tests run at the real time, which Discord's ids carry."""
    return IsoWeek.of(world.clock.time.astimezone(world.policy.timezone).date())


def days(week: IsoWeek) -> str:
    """The first and the last day of a week, as people read them."""
    return f"{week.monday:%m/%d} – {week.monday + timedelta(days=6):%m/%d}"


async def test_the_digest_is_drafted_for_one_person(world: ConsoleWorld) -> None:
    """The digest is drafted for one person alone, and nothing is posted in a channel.

    A week that is not an ISO week, or that has not ended, is refused with a reason.
    """
    last, coming = this_week(world).previous(), this_week(world).back(-15)
    await world.declare(key="k")
    draft = shown(await world.command("digest preview"))
    assert "投稿はしていません。\n\n先週 (" in draft["content"]
    assert draft["only_for"] == "responder"
    assert "dig:v1:more:" in str(draft["components"])
    assert world.sent(DigestDelivery.POST) == []
    refused = shown(await world.command("digest week", week="先週"))
    assert "「先週」は ISO 週ではありません" in refused["content"]
    ahead = shown(await world.command("digest week", week=str(coming)))
    assert f"{coming} の週はまだ終わっていません。最新は {last} です。" in ahead["content"]
    other = shown(await world.command("digest week", week=str(last.previous()).lower()))
    assert f"\n\n{days(last.previous())} の週はインシデントがありませんでした" in other["content"]


async def test_a_draft_is_for_people_who_may_respond(world: ConsoleWorld) -> None:
    """`/digest preview` and `/digest week` are refused to an observer, on record."""
    last = this_week(world).previous()
    for said in (
        await world.command("digest preview", by="observer"),
        await world.command("digest week", by="observer", week=str(last)),
    ):
        assert "インシデントの対応には" in shown(said)["content"]
    rows = await world.database.fetch("SELECT data FROM audit WHERE NOT allowed")
    assert [row["data"]["act"] for row in rows] == ["show_digest", "show_digest"]


async def test_the_last_twelve_weeks_are_offered(world: ConsoleWorld) -> None:
    """`/digest week` offers the last twelve weeks with their dates; what is typed narrows the weeks down."""
    last = this_week(world).previous()
    offered = await world.choices("digest week", focused="week", typed="")
    assert [one["value"] for one in offered] == [str(last.back(ago)) for ago in range(12)]
    assert offered[0]["name"] == f"{last} ({days(last)})"
    found = await world.choices("digest week", focused="week", typed=f"w{last.back(7).number:02d}")
    assert found == [offered[7]]


async def test_a_digest_is_posted_by_hand_once(world: ConsoleWorld) -> None:
    """`/digest now` needs a permission; afterwards Monday's tick posts nothing, a second call links it."""
    refused = shown(await world.command("digest now"))
    assert "digest の投稿" in refused["content"]
    said = shown(await world.command("digest now", by="primary"))
    assert f"{this_week(world).previous()} の digest を投稿しました：" in said["content"]
    await world.until("p3-insights", contains="静かでした")
    again = shown(await world.command("digest now", by="primary"))
    assert "投稿済みです：https://discord.com/channels/" in again["content"]
    rows = await world.database.fetch("SELECT FROM deliveries WHERE kind = 'digest'")
    assert len(rows) == 1


async def test_the_rest_of_a_digest_is_for_the_person_who_presses(world: ConsoleWorld) -> None:
    """[くわしく] has the figures that the post leaves out, also for a person who may not respond."""
    await world.declare(key="k")
    await world.command("digest now", by="primary")
    post, week = await world.until("p3-insights", contains="先週 ("), this_week(world).previous()
    number = week.year * 100 + week.number
    for who in ("responder", "observer"):
        details = shown(await world.click(post, f"dig:v1:more:{number}", by=who))
        assert details["only_for"] == who
        assert details["content"] == f"{week} の内訳です。いまの値で数え直しています。"
        assert "未解決 1 件" in str(details["embeds"])
