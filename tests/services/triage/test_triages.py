"""A walk through the tree as people take it: back, twice, by two, to the end."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import NotPermitted, UserError
from bot.domain.timeline.entries import TimelineKind
from bot.domain.triage.session import Evidence, NewTriage, TriageStatus
from bot.domain.triage.tree import UNSURE
from bot.services.triage.walk import PressResult, TriageView
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from bot.storage.tables.triages import TriageRows
from tests.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, SECONDARY, Desk
from tests.services.triage.triage_walks import CHANNEL, EVIDENCE, go_on, start, walk

CHOSEN = {"severity": "SEV3", "by": RESPONDER}


def severity_of(view: TriageView) -> str | None:
    """What confirming would open."""
    return view.severity.name if view.severity else None


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
    """The runbook's flow chart; None is 再評価, and わからない the more severe answer."""
    view = await walk(desk, *answers)
    assert severity_of(view) == severity
    assert view.position.outcome is not None


@pytest.mark.parametrize("words", ["決済系エラー", "データ損失・破損の可能性", "全停止", "セキュリティ"])
async def test_what_the_runbook_calls_grave_is_a_sev1(desk: Desk, words: str) -> None:
    """Payment errors and possible corruption are named in the question whose yes is SEV1."""
    question = (await walk(desk, "yes")).position.question
    assert question is not None
    assert words in question.text.ja
    assert (
        severity_of(await desk.triages.answer(1, question=question.id, answer="yes", by=RESPONDER)) == "SEV1"
    )


async def test_confirm_opens_one_incident(desk: Desk) -> None:
    """A double click opens one, with the path on it."""
    view = await walk(desk, "yes", "yes")
    views = [await desk.triages.confirm(view.triage.id, by=RESPONDER) for _ in range(2)]
    await desk.work()
    assert len({v.incident.id for v in views if v.incident}) == 1
    assert len(desk.sent(DeliveryKind.ALERT)) == 1
    assert views[0].incident is not None
    assert views[0].incident.path == (("users_affected", "yes"), ("large_impact", "yes"))


async def test_a_secret_in_the_message_is_not_copied(desk: Desk) -> None:
    """A secret in the triaged message is masked while the form is open, and no stored row contains it.

    A postmortem with the evidence may leave the server.
    """
    secrets = ("hunter2-hunter2", f"ghp_{'a1B2' * 9}")
    text = f"cannot connect to postgres://app:{secrets[0]}@db.example/app\ntoken: {secrets[1]}"
    said = replace(EVIDENCE, text=text)
    await desk.triages.sources.note_message(CHANNEL, 77, said)
    kept = await desk.triages.sources.noted_message(CHANNEL, 77)
    assert kept is not None
    assert kept.text.splitlines()[0] == "cannot connect to postgres://app:[masked:password]@db.example/app"
    view = await start(desk, evidence=said)
    done = await desk.triages.confirm((await go_on(desk, view, "yes", "yes")).triage.id, by=RESPONDER)
    assert done.incident is not None
    await desk.work()
    for table in ("noted_messages", "triages", "incidents", "timeline", "deliveries", "audit"):
        found = await desk.database.pool.fetchval(f"SELECT string_agg(t::text, ' ') FROM {table} AS t") or ""
        assert [secret for secret in secrets if secret in found] == [], table


async def test_every_answer_and_the_evidence_are_on_the_timeline(desk: Desk) -> None:
    """The timeline keeps the triaged message and every answer, withdrawn answers included.

    Each answer has its time, who gave it, whether that person was unsure, and who withdrew it and when.
    """
    view = await walk(desk, "no", UNSURE)
    await desk.database.advance(timedelta(minutes=1))
    view = await desk.triages.revise(view.triage.id, question="users_affected", by=PRIMARY)
    await go_on(desk, view, "yes", UNSURE, by=PRIMARY)
    done = await desk.triages.confirm(view.triage.id, by=RESPONDER)
    assert done.incident is not None
    kinds = {entry.kind: entry for entry in await TimelineRows(desk.store.sql).timeline(done.incident.id)}
    assert Evidence.from_json(kinds[TimelineKind.EVIDENCE].data or {}) == EVIDENCE
    triaged = kinds[TimelineKind.TRIAGED].data or {}
    answers = triaged["answers"]
    assert isinstance(answers, list)
    assert [
        (one["question"], one["answer"], one["unsure"], one["by"], one["withdrawn_by"]) for one in answers
    ] == [
        ("users_affected", "no", False, "responder", "primary"),
        ("dev_only", "no", True, "responder", "primary"),
        ("users_affected", "yes", False, "primary", None),
        ("large_impact", "yes", True, "primary", None),
    ]
    assert answers[0]["at"] != answers[0]["withdrawn"] == answers[2]["at"]


async def test_answering_an_answered_question_shows_where_it_stands(desk: Desk) -> None:
    """Two people click the same question: the first counts, the second hears of it."""
    view = await walk(desk, "yes")
    late = await desk.triages.answer(view.triage.id, question="users_affected", answer="no", by=PRIMARY)
    assert late.position == view.position
    assert late.notice is PressResult.ANSWERED
    assert late.first_answer is not None
    assert (late.first_answer.answer, late.first_answer.by_name) == ("yes", "responder")
    double = await desk.triages.answer(view.triage.id, question="users_affected", answer="yes", by=RESPONDER)
    assert double.notice is None
    assert len(double.triage.answers) == 1


async def test_back_withdraws_the_last_answer_and_any_choice(desk: Desk) -> None:
    """Back leads from the result to the question before it, without the chosen severity.

    More presses end at the first question, with all answers withdrawn.
    """
    view = await walk(desk, "yes", "yes")
    assert severity_of(await desk.triages.choose_severity(view.triage.id, **CHOSEN)) == "SEV3"  # type: ignore[arg-type]
    back = await desk.triages.back(view.triage.id, by=RESPONDER)
    assert back.severity is None
    assert back.position.question is not None
    assert back.position.question.id == "large_impact"
    for _ in range(3):
        back = await desk.triages.back(view.triage.id, by=RESPONDER)
    assert back.triage.answers == ()


async def test_an_earlier_answer_can_be_changed(desk: Desk) -> None:
    """Changing an earlier answer withdraws it and all later answers, and asks again.

    Changing the answer to a question that was not asked has no effect.
    """
    view = await walk(desk, "yes", "yes")
    assert await desk.triages.revise(view.triage.id, question="dev_only", by=RESPONDER) == view
    first = await desk.triages.revise(view.triage.id, question="users_affected", by=PRIMARY)
    assert first.triage.answers == ()
    assert severity_of(await go_on(desk, first, "no", "yes")) == "SEV3"


async def test_severity_chosen_by_hand_wins(desk: Desk) -> None:
    """The path stays on record; one that the policy has dropped is not taken."""
    view = await walk(desk, "yes", "yes")
    unknown = await desk.triages.choose_severity(view.triage.id, severity="SEV9", by=RESPONDER)
    assert (severity_of(unknown), unknown.notice) == ("SEV1", PressResult.OUTDATED)
    await desk.triages.choose_severity(view.triage.id, **CHOSEN)  # type: ignore[arg-type]
    chosen = [row for row in await desk.database.audit_rows() if row.action == "triage.severity_chosen"]
    assert [(row.actor_name, row.data) for row in chosen] == [
        (RESPONDER.name, {"triage": view.triage.id, "severity": "SEV3", "proposed": "SEV1"})
    ]
    done = await desk.triages.confirm(view.triage.id, by=RESPONDER, shown="SEV3")
    assert done.incident is not None
    assert (done.incident.severity, done.incident.path[2:]) == ("SEV3", (("by hand", "SEV3"),))


async def test_what_nobody_knew_is_kept_with_the_incident(desk: Desk) -> None:
    """An "unsure" is kept with the incident unless the question is answered later."""
    view = await walk(desk, UNSURE, UNSURE)
    view = await desk.triages.back(view.triage.id, by=PRIMARY)
    assert [given.unsure for given in view.triage.answers] == [True]
    view = await go_on(desk, view, "yes", by=PRIMARY)
    done = await desk.triages.confirm(view.triage.id, by=RESPONDER)
    assert done.incident is not None
    assert (await IncidentRows(desk.store.sql).incident(done.incident.id)).path == (
        ("users_affected", "yes?"),
        ("large_impact", "yes"),
    )


async def choices_of(desk: Desk, view: TriageView) -> list[dict[str, Any]]:
    """What its incident's timeline keeps of who has overruled the tree."""
    assert view.incident is not None
    entries = await TimelineRows(desk.store.sql).timeline(view.incident.id)
    (entry,) = [one for one in entries if one.kind is TimelineKind.TRIAGED]
    found = (entry.data or {})["choices"]
    assert isinstance(found, list)
    return found


async def test_who_overruled_the_tree_is_on_the_timeline(desk: Desk) -> None:
    """The timeline keeps every severity that a person chose instead of the proposed one.

    Each choice has the proposed and the chosen severity, who chose and when, whether it counts, and who took
    it back and when. A second choice of the same severity adds none.
    """
    view = await walk(desk, "yes", "yes")
    number = view.triage.id
    times = [desk.clock.time + timedelta(minutes=minute) for minute in range(4)]
    for severity, by in (("SEV2", RESPONDER), ("SEV3", PRIMARY), ("SEV3", SECONDARY)):
        view = await desk.triages.choose_severity(number, severity=severity, by=by)
        await desk.database.advance(timedelta(minutes=1))
    assert view.choice is not None
    assert (view.choice.proposed, view.choice.by_name, view.choice.at) == ("SEV1", "primary", times[1])
    back = await desk.triages.back(number, by=SECONDARY)
    assert back.choice is None
    await desk.triages.answer(number, question="large_impact", answer="no", by=SECONDARY)
    await desk.triages.choose_severity(number, severity="SEV1", by=SECONDARY)
    kept = await choices_of(desk, await desk.triages.confirm(number, by=RESPONDER))
    told = [(one["proposed"], one["severity"], one["by"], one["counts"], one["withdrawn_by"]) for one in kept]
    assert told == [
        ("SEV1", "SEV2", "responder", False, "primary"),
        ("SEV1", "SEV3", "primary", False, "secondary"),
        ("SEV2", "SEV1", "secondary", True, None),
    ]
    at, withdrawn = [one["at"] for one in kept], [one["withdrawn"] for one in kept]
    assert at == [times[0].isoformat(), times[1].isoformat(), times[3].isoformat()]
    assert withdrawn == [times[1].isoformat(), times[3].isoformat(), None]


async def test_a_severity_chosen_by_an_older_version_is_kept_without_a_name(desk: Desk) -> None:
    """A severity that an older version wrote is not attributed to the person who chose another one."""
    view = await walk(desk, "yes", "yes")
    await desk.triages.choose_severity(view.triage.id, severity="SEV3", by=RESPONDER)
    async with desk.store.transaction() as tx:
        await TriageRows(tx.sql).save_triage(
            replace(await TriageRows(tx.sql).triage(view.triage.id, lock=True), severity="SEV2")
        )
    assert (await desk.triages.view(view.triage.id, by=PRIMARY)).choice is None
    (kept,) = await choices_of(desk, await desk.triages.confirm(view.triage.id, by=RESPONDER))
    assert (kept["severity"], kept["counts"]) == ("SEV3", False)


async def test_what_was_chosen_over_a_reevaluation(desk: Desk) -> None:
    """A severity chosen instead of the proposed re-evaluation is kept with both."""
    view = await walk(desk, "no", "no")
    await desk.triages.choose_severity(view.triage.id, severity="SEV2", by=PRIMARY)
    (kept,) = await choices_of(desk, await desk.triages.confirm(view.triage.id, by=RESPONDER))
    assert (kept["proposed"], kept["severity"]) == ("reevaluate", "SEV2")
    assert (await choices_of(desk, await desk.triages.confirm(view.triage.id, by=RESPONDER))) == [kept]


async def test_every_change_of_a_walk_is_on_record_once(desk: Desk) -> None:
    """The audit has one row for each change of a triage: begun, answered, withdrawn, raised.

    Each row names the person; an action that changes nothing leaves no row.
    """
    view = await walk(desk, "yes", UNSURE)
    await start(desk)
    number = view.triage.id
    await desk.triages.back(number, by=PRIMARY)
    await desk.triages.answer(number, question="users_affected", answer="no", by=PRIMARY)
    await desk.triages.revise(number, question="users_affected", by=PRIMARY)
    for _ in range(2):
        await desk.triages.back(number, by=PRIMARY)
    await desk.triages.view(number, by=PRIMARY)
    await go_on(desk, await desk.triages.view(number, by=RESPONDER), "no", "yes")
    await desk.triages.confirm(number, by=RESPONDER)
    assert [(row.actor_name, row.action, row.data) for row in await desk.database.audit_rows()] == [
        ("responder", "triage.begun", {"triage": number}),
        ("responder", "triage.answered", answered("users_affected", "yes")),
        ("responder", "triage.answered", answered("large_impact", "yes", unsure=True)),
        ("primary", "triage.withdrawn", {"triage": number, "since": "large_impact"}),
        ("primary", "triage.withdrawn", {"triage": number, "since": "users_affected"}),
        ("responder", "triage.answered", answered("users_affected", "no")),
        ("responder", "triage.answered", answered("dev_only", "yes")),
        ("responder", "opened", {"incident_id": 1, "severity": "SEV3"}),
        ("responder", "triage.raised", {"triage": number, "incident": 1}),
    ]


def answered(question: str, answer: str, *, unsure: bool = False) -> dict[str, object]:
    """What the audit has of an answer."""
    return {"triage": 1, "question": question, "answer": answer, "unsure": unsure}


async def test_a_screen_that_shows_another_result_opens_nothing(desk: Desk) -> None:
    """Confirming a result that has changed since it was shown opens no incident and shows the new one."""
    view = await walk(desk, "yes", "yes")
    await desk.triages.back(view.triage.id, by=PRIMARY)
    open_again = await desk.triages.confirm(view.triage.id, by=RESPONDER, shown="SEV1")
    assert (open_again.notice, open_again.incident) == (PressResult.REOPENED, None)
    assert open_again.position.question is not None, "the card that is drawn anew asks it"
    await go_on(desk, await desk.triages.view(1, by=PRIMARY), "no", by=PRIMARY)
    shown = await desk.triages.confirm(view.triage.id, by=RESPONDER, shown="SEV1")
    assert (shown.notice, shown.incident, severity_of(shown)) == (PressResult.CHANGED, None, "SEV2")


async def test_presses_after_the_end_show_what_became_of_it(desk: Desk) -> None:
    """No error, no change: the card says so."""
    view = await walk(desk, "yes", "yes")
    cancelled = await desk.triages.cancel(view.triage.id, by=RESPONDER)
    assert cancelled.triage.status is TriageStatus.CANCELLED
    triages, number = desk.triages, view.triage.id
    late = [
        await triages.answer(number, question="large_impact", answer="no", by=PRIMARY),
        await triages.back(number, by=PRIMARY),
        await triages.revise(number, question="large_impact", by=PRIMARY),
        await triages.choose_severity(number, severity="SEV3", by=PRIMARY),
        await triages.confirm(number, by=PRIMARY),
        await triages.cancel(number, by=PRIMARY),
    ]
    assert {one.triage for one in late} == {cancelled.triage}
    await desk.work()
    assert desk.sent(DeliveryKind.ALERT) == []


async def test_a_policy_that_changed_half_way(desk: Desk) -> None:
    """After a change of the policy, answers that no longer fit are withdrawn and asked again."""
    view = await walk(desk, "yes", "yes")
    large = desk.policy.tree.questions["large_impact"]
    renamed = replace(
        large, answers=(replace(large.answers[0], id="total"), *large.answers[1:]), unsure="total"
    )
    questions = {**desk.policy.tree.questions, "large_impact": renamed}
    desk.policy = replace(desk.policy, tree=replace(desk.policy.tree, questions=questions))
    desk.use(desk.discord)
    shown = await desk.triages.confirm(view.triage.id, by=RESPONDER, shown="SEV1")
    assert (shown.notice, shown.incident) == (PressResult.OUTDATED, None)
    assert [given.question for given in shown.triage.answers] == ["users_affected"]
    gone = await desk.triages.answer(view.triage.id, question="large_impact", answer="yes", by=RESPONDER)
    assert gone.notice is PressResult.OUTDATED
    assert severity_of(await go_on(desk, gone, "total")) == "SEV1"


async def test_a_severity_that_the_policy_dropped_after_it_was_chosen(desk: Desk) -> None:
    """A chosen severity that the policy has dropped is replaced by the answers', and that is said.

    It must not become the most severe one unseen.
    """
    view = await walk(desk, "yes", "no")
    await desk.triages.choose_severity(view.triage.id, **CHOSEN)  # type: ignore[arg-type]
    kept = {name: rule for name, rule in desk.policy.severities.items() if name != "SEV3"}
    desk.policy = replace(desk.policy, severities=kept)
    desk.use(desk.discord)
    shown = await desk.triages.view(view.triage.id, by=RESPONDER)
    assert shown.notice is PressResult.OUTDATED
    assert severity_of(shown) == "SEV2"


async def test_who_may_not_triage_any_more_is_refused_at_each_step(desk: Desk) -> None:
    """The role is asked for again with every press, and each refusal is on record."""
    view = await walk(desk, "yes")
    triages, number = desk.triages, view.triage.id
    for press in (
        triages.answer(number, question="large_impact", answer="yes", by=OBSERVER),
        triages.back(number, by=OBSERVER),
        triages.revise(number, question="users_affected", by=OBSERVER),
        triages.choose_severity(number, severity="SEV1", by=OBSERVER),
        triages.cancel(number, by=OBSERVER),
        triages.confirm(number, by=OBSERVER),
        triages.view(number, by=OBSERVER),
    ):
        with pytest.raises(NotPermitted):
            await press
    refused = [row.data for row in await desk.database.audit_rows() if not row.allowed]
    acts = ["answer", "back", "revise", "choose_severity", "cancel", "confirm", "view"]
    assert refused == [{"act": f"triage.{act}", "triage_id": number} for act in acts]
    assert (await desk.triages.view(number, by=PRIMARY)).triage == view.triage


async def test_person_without_the_role(desk: Desk) -> None:
    """A person without the role cannot start a triage, and the refusal is put on record."""
    with pytest.raises(NotPermitted):
        await desk.triages.start(NewTriage(GUILD, OBSERVER, "x", (), (), desk.clock.time, "k"))
    [row] = await desk.database.audit_rows()
    assert (row.action, row.allowed) == ("triage", False)


async def test_title_is_cleaned_and_cut(desk: Desk) -> None:
    """One visible line of at most 200 characters; nothing at all is refused."""
    view = await start(desk, title="a\nb" + "x" * 4000, key="long")
    assert len(view.triage.title) == 200
    assert view.triage.title.startswith("a b")
    with pytest.raises(UserError):
        await start(desk, title="\u200b\0 ", key="empty")


async def test_start_after_the_opening_is_pulled_back(desk: Desk) -> None:
    """A clock that runs ahead by seconds must not break the row's promise."""
    later = desk.clock.time + timedelta(seconds=20)
    view = await desk.triages.start(NewTriage(GUILD, RESPONDER, "x", (), (), later, "ahead"))
    await desk.triages.choose_severity(view.triage.id, **CHOSEN)  # type: ignore[arg-type]
    done = await desk.triages.confirm(view.triage.id, by=RESPONDER)
    assert done.incident is not None
    assert done.incident.started_at == done.incident.triggered_at
