"""A walk through the tree as people take it: back, twice, by two, to the end."""

from datetime import timedelta

import pytest

from bot.domain.delivery import DeliveryKind
from bot.domain.errors import InvalidTransition, NotPermitted, UserError
from bot.domain.triage import UNSURE, StaleTriage
from bot.domain.triage_session import NewTriage, TriageStatus
from bot.services.triages import TriageView
from tests.unit.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, Desk


async def start(desk: Desk, *, title: str = "決済 API が 5xx", key: str = "interaction:1") -> TriageView:
    """The form was sent."""
    return await desk.triages.start(
        NewTriage(GUILD, RESPONDER, title, ("api.parky.co.jp",), ("errors",), desk.store.clock.time, key)
    )


async def walk(desk: Desk, *answers: str) -> TriageView:
    """Answer one question after the other."""
    view = await start(desk)
    for answer in answers:
        assert view.position.question is not None
        view = await desk.triages.answer(
            view.triage.id, question=view.position.question.id, answer=answer, by=RESPONDER
        )
    return view


@pytest.mark.parametrize(
    ("answers", "severity"),
    [
        (("yes", "yes"), "SEV1"),
        (("yes", "no"), "SEV2"),
        (("no", "yes"), "SEV3"),
        (("no", "no"), None),
        ((UNSURE, UNSURE), "SEV1"),
    ],
)
async def test_every_branch_of_the_runbook(
    desk: Desk, answers: tuple[str, ...], severity: str | None
) -> None:
    """The runbook's flow chart; None is 再評価, and わからない the graver answer."""
    view = await walk(desk, *answers)
    assert (view.severity.name if view.severity else None) == severity
    assert view.position.outcome is not None


async def test_confirm_opens_one_incident(desk: Desk) -> None:
    """A double click opens one, with the path on it."""
    view = await walk(desk, "yes", "yes")
    views = [await desk.triages.confirm(view.triage.id, by=RESPONDER) for _ in range(2)]
    await desk.work()
    assert len({v.incident.id for v in views if v.incident}) == 1
    assert len(desk.sent(DeliveryKind.ALERT)) == 1
    assert views[0].incident is not None
    assert views[0].incident.path == (("users_affected", "yes"), ("large_impact", "yes"))


async def test_answering_an_answered_question_shows_where_it_stands(desk: Desk) -> None:
    """Two people click the same question: the first counts, the second sees the next one."""
    view = await walk(desk, "yes")
    again = await desk.triages.answer(view.triage.id, question="users_affected", answer="no", by=PRIMARY)
    assert again.position == view.position


async def test_back_withdraws_the_last_answer_and_any_choice(desk: Desk) -> None:
    """From the result back to the question before it."""
    view = await walk(desk, "yes", "yes")
    await desk.triages.choose_severity(view.triage.id, severity="SEV3")
    back = await desk.triages.back(view.triage.id)
    assert back.severity is None
    assert back.position.question is not None
    assert back.position.question.id == "large_impact"


async def test_severity_chosen_by_hand_wins(desk: Desk) -> None:
    """The tree advises; a person decides, and the path stays on record."""
    view = await walk(desk, "yes", "no")
    await desk.triages.choose_severity(view.triage.id, severity="SEV1")
    done = await desk.triages.confirm(view.triage.id, by=RESPONDER)
    assert done.incident is not None
    assert (done.incident.severity, len(done.incident.path)) == ("SEV1", 2)


async def test_severity_that_the_policy_no_longer_has(desk: Desk) -> None:
    """A select from before the policy changed: said plainly, nothing is chosen."""
    view = await walk(desk, "yes", "no")
    with pytest.raises(StaleTriage):
        await desk.triages.choose_severity(view.triage.id, severity="SEV9")


async def test_confirm_too_early_or_after_the_end(desk: Desk) -> None:
    """A question is open, or it was cancelled: said plainly."""
    view = await walk(desk, "yes")
    with pytest.raises(InvalidTransition):
        await desk.triages.confirm(view.triage.id, by=RESPONDER)
    await desk.triages.cancel(view.triage.id)
    for call in (desk.triages.back(view.triage.id), desk.triages.confirm(view.triage.id, by=RESPONDER)):
        with pytest.raises(InvalidTransition):
            await call


async def test_reevaluate_promotes_itself(desk: Desk) -> None:
    """Asked in #p1-ops; when nobody answers it becomes a SEV2, once."""
    view = await walk(desk, "no", "no")
    await desk.triages.confirm(view.triage.id, by=RESPONDER)
    await desk.work()
    assert desk.sent(DeliveryKind.REEVALUATION) == ["channel:p1-ops"]
    await desk.pass_time(minutes=29)
    assert desk.sent(DeliveryKind.ALERT) == []
    await desk.pass_time(hours=2)
    assert desk.sent(DeliveryKind.ALERT) == ["channel:p1-ops"]
    assert (await desk.triages.view(view.triage.id)).triage.status is TriageStatus.OPENED
    assert desk.discord.answered == [(TriageStatus.OPENED, DeliveryKind.REEVALUATION)]


async def test_reevaluation_that_was_answered(desk: Desk) -> None:
    """問題なし stops the clock; 発報する opens it at once, and not again later."""
    view = await walk(desk, "no", "no")
    await desk.triages.confirm(view.triage.id, by=RESPONDER)
    await desk.triages.dismiss(view.triage.id, by=PRIMARY)
    assert await desk.triages.promote(view.triage.id, by=PRIMARY) is None
    await desk.pass_time(hours=2)
    assert desk.sent(DeliveryKind.ALERT) == []
    assert desk.discord.answered[-1] == (TriageStatus.DISMISSED, DeliveryKind.REEVALUATION)


async def test_person_without_the_role(desk: Desk) -> None:
    """Refused at the start and on record."""
    with pytest.raises(NotPermitted):
        await desk.triages.start(NewTriage(GUILD, OBSERVER, "x", (), (), desk.store.clock.time, "k"))
    assert desk.store.audit_rows[0].action == "triage"


async def test_title_is_cleaned_and_cut(desk: Desk) -> None:
    """One visible line of at most 200 characters; nothing at all is refused."""
    view = await start(desk, title="a\nb" + "x" * 4000, key="long")
    assert len(view.triage.title) == 200
    assert view.triage.title.startswith("a b")
    with pytest.raises(UserError):
        await start(desk, title="\u200b\0 ", key="empty")


async def test_start_after_the_opening_is_pulled_back(desk: Desk) -> None:
    """A clock that runs ahead by seconds must not break the row's promise."""
    later = desk.store.clock.time + timedelta(seconds=20)
    view = await desk.triages.start(NewTriage(GUILD, RESPONDER, "x", (), (), later, "ahead"))
    await desk.triages.choose_severity(view.triage.id, severity="SEV3")
    done = await desk.triages.confirm(view.triage.id, by=RESPONDER)
    assert done.incident is not None
    assert done.incident.started_at == done.incident.triggered_at
