"""The story that the demo opens on: a past that is still of use, and an unacknowledged alert."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.demo.controls import pass_time
from bot.demo.process import Child
from bot.demo.running_demo import RunningDemo, running_demo
from bot.demo.story.beginning import REPORTS, raise_alarm
from cogs.digest.rules import DigestSchedule, week_due
from cogs.digest.use_cases import next_post
from local_discord.client import Human, Message
from tests import warm
from tests.e2e.demo.languages import JAPANESE, played_in

_PLACES = ("general", "p0-alerts", "p1-ops", "p2-deploys", "p3-insights")


@dataclass(frozen=True)
class Words:
    """What the story says in a language."""

    week: str
    details: str
    open: str
    resolve: str
    resolved: str
    unanswered: str
    first: tuple[str, str, str]
    people: tuple[str, str]


WORDS = {
    "ja": Words(
        week="先週 (",
        details="くわしく",
        open="領収書メールが届かない利用者がいる",
        resolve="解決",
        resolved=" が解決 (",
        unanswered="から未対応",
        first=("まずはこのコマンド", "HTTP 503 (正常なら 200)", "[c41f9a27]"),
        people=("佐藤", "鈴木"),
    ),
    "en": Words(
        week="Last week",
        details="Details",
        open="Some users get no receipt by email",
        resolve="Resolve",
        resolved="resolved by @",
        unanswered="unacknowledged since",
        first=("Commands to start with", "HTTP 503 (expected 200)", "[c41f9a27]"),
        people=("Sato", "Suzuki"),
    ),
}


@played_in("en", nightly="ja")
async def test_story_begins_before_the_newcomer_and_goes_on(demo: RunningDemo) -> None:
    """The digest is Monday's, once; an old post's button works; the alert escalates if nobody answers."""
    human, words, report = demo.human, WORDS[demo.setup.language], REPORTS[demo.setup.language]
    await raise_alarm(human, demo.setup.language)
    alert = await human.see("p0-alerts", report.title)
    page = await human.see("dm:sato", report.title)
    assert alert.pings_here
    await human.until(partial(_thread_of, human, alert), "its thread")
    for part in words.first:
        await human.see(alert.id, part)

    digest = await human.see("p3-insights", words.week)
    rule, zone = demo.setup.policy.of(DigestSchedule), demo.setup.policy.timezone
    now = await demo.connection.fetchval("SELECT now()")
    _, due = week_due(now=now, weekday=rule.day.number, at=rule.time, zone=zone)
    assert timedelta() < digest.at - due < timedelta(minutes=1)

    threads = {str(one["name"]): one["id"] for one in (await human.state())["threads"]}
    (thread,) = [found for name, found in threads.items() if words.open in name]
    shown = await human.command("watanabe", "general", "incident list")
    details = await human.press("watanabe", digest, words.details)
    assert f"/{thread})" in details.text
    assert f"/{thread})" in shown.text

    old = await human.see("p1-ops", words.open)
    asked = await human.press("suzuki", old, words.resolve)
    await human.submit("suzuki", asked, {})
    await human.see("p1-ops", words.resolved, where=lambda message: message.id == old.id)

    shown = await human.command("watanabe", "general", "oncall show")
    ids = [
        member["id"] for member in (await human.state())["members"] if member["shown_name"] in words.people
    ]
    assert all(f"<@{one}>" in shown.text for one in ids)

    await demo.fast_forward(timedelta(minutes=15))
    escalation = await human.see("p0-alerts", words.unanswered)
    assert escalation.pings_here
    await human.see("dm:suzuki", report.title)
    await demo.rest()
    assert len(await human.messages("p3-insights")) == 1
    if demo.setup.language == "en":
        said = [*await everything(human), page, shown.messages[-1]]
        assert not JAPANESE.findall("\n".join(message.text for message in said))


async def test_start_that_was_broken_off_begins_anew(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped while its past is written, or before its alert: nothing is missing, or there twice."""
    monkeypatch.setattr(Child, "start", warm.start)
    with monkeypatch.context() as broken:
        broken.setattr("bot.demo.story.seed._delivery", _stopped)  # the posts are there, the rows are not
        with pytest.raises(_Stopped):
            async with running_demo(database_url, folder=tmp_path, keeps=True):
                pass
    async with running_demo(database_url, folder=tmp_path, keeps=True) as demo:
        assert demo.is_new
        past = len(await demo.human.messages("p1-ops"))
    async with running_demo(database_url, folder=tmp_path, keeps=True) as demo:
        assert demo.is_new
        await raise_alarm(demo.human, demo.setup.language)
        await demo.human.see("p0-alerts", REPORTS["ja"].title)
    async with running_demo(database_url, folder=tmp_path, keeps=True) as demo:
        assert not demo.is_new
        assert len(await demo.human.messages("p1-ops")) == past


async def _thread_of(human: Human, alert: Message) -> bool | None:
    """Its thread is open: until then there is no such channel."""
    threads = (await human.state())["threads"]
    return True if alert.id in {thread["id"] for thread in threads} else None


async def _tell(_to: datetime) -> bool:
    """Go on, whatever the time: no page is open."""
    return False


class _Stopped(Exception):
    """The demo is ended."""


def _stopped(*_: object) -> None:
    raise _Stopped


async def everything(human: Human) -> list[Message]:
    """Return what is written anywhere."""
    threads = [thread["id"] for thread in (await human.state())["threads"]]
    places = [*_PLACES, *threads, "dm:sato", "dm:suzuki", "dm:takahashi"]
    return [message for place in places for message in await _read(human, place)]


async def _read(human: Human, place: str) -> list[Message]:
    if place.startswith("dm:"):
        return await human.dms(place.removeprefix("dm:"))
    return await human.messages(place)


@played_in("ja", nightly="en")
async def test_the_page_leads_to_mondays_digest(demo: RunningDemo) -> None:
    """Passing time to Monday, as the page's button does, posts the week's digest with open postmortems."""
    human, words = demo.human, WORDS[demo.setup.language]
    first = await human.see("p3-insights", words.week)
    monday = next_post(demo.setup.policy, await demo.connection.fetchval("SELECT now()"))
    assert await pass_time(demo, monday, _tell)  # in one press
    told = await human.see("p3-insights", words.week, where=lambda message: message.id != first.id)
    assert words.open in told.text
    assert any(name in told.text for name in ("postmortem", "Postmortems"))
