"""Walks for the tests of triage."""

from bot.domain.people import Person
from bot.domain.triage.session import Evidence, NewTriage
from bot.services.triage.walk import TriageView
from tests.fakes.clock import START
from tests.services.desk import GUILD, RESPONDER, Desk

CHANNEL = 500
EVIDENCE = Evidence(
    text="決済が落ちてます",
    author_id=9,
    author_name="shop-api",
    url="https://discord.com/channels/7/500/600",
    at=START,
)


async def start(
    desk: Desk,
    *,
    title: str = "決済 API が 5xx",
    key: str = "interaction:1",
    by: Person = RESPONDER,
    message_id: int = 600,
    evidence: Evidence = EVIDENCE,
) -> TriageView:
    """The form about a message was sent."""
    return await desk.triages.start(
        NewTriage(
            guild_id=GUILD,
            by=by,
            title=title,
            targets=("api.parky.co.jp",),
            symptoms=("errors",),
            started_at=desk.clock.time,
            key=key,
            channel_id=CHANNEL,
            source_message_id=message_id,
            evidence=evidence,
        )
    )


async def go_on(desk: Desk, view: TriageView, *answers: str, by: Person = RESPONDER) -> TriageView:
    """Answer one question after the other."""
    for answer in answers:
        assert view.position.question is not None
        view = await desk.triages.answer(
            view.triage.id, question=view.position.question.id, answer=answer, by=by
        )
    return view


async def walk(desk: Desk, *answers: str) -> TriageView:
    """The form, and these answers."""
    return await go_on(desk, await start(desk), *answers)


async def hold(desk: Desk) -> TriageView:
    """A triage that ended in 再評価."""
    view = await start(desk)
    await desk.work()
    await go_on(desk, view, "no", "no")
    return await desk.triages.confirm(view.triage.id, by=RESPONDER)
