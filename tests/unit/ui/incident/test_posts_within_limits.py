"""Show that posts with any text fit into Discord's limits, and that no text that people type pings anyone."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.dlq import DlqCounts
from bot.domain.incident.forms import MOST_PEOPLE
from bot.domain.incident.incident import ByPerson, Check, Incident, PersonRef
from bot.domain.incident.parts import Aftermath, Postmortem, PostmortemState, Resolution
from bot.domain.oncall.people import OnCallPerson
from bot.domain.statistics.figures import (
    AlertCounts,
    AlertQuality,
    AlertSource,
    Durations,
    IncidentFigures,
    SeverityFigures,
)
from bot.domain.statistics.load import PageCounts, PersonLoad
from bot.domain.statistics.period import IsoWeek
from bot.domain.text import one_line
from bot.ui.posts.bodies import Field, embed
from bot.ui.posts.renderer import render
from cogs.digest.rules import AskedAlerts, Digest, DigestDelivery, DigestPart, actions_due
from cogs.postmortem.rules import PostmortemDelivery
from tests.cogs.digest.test_posts import MUTED, OWED, action
from tests.unit.ui.samples import (
    ACKNOWLEDGED,
    AT,
    EN,
    FIRST_ESCALATION,
    JA,
    PLACED,
    POLICY,
    REOPENED,
    RESOLVED,
    TRIGGERED,
    delivery,
    over_limits,
)

NASTY = st.text(st.sampled_from("@*_`[](<>|~\\#あx \n\u202e\u200b🔴"), min_size=1, max_size=400)
TITLES = NASTY.map(lambda text: one_line(text, limit=200) or "x")
MANY = st.lists(NASTY, max_size=25).map(tuple)
BIG = "*" * 400
DAY = timedelta(days=1)
WORST = {
    "title": "*" * 200,
    "targets": tuple(f"{number}{BIG}" for number in range(25)),
    "symptoms": tuple(f"{number}{BIG}" for number in range(25)),
    "path": tuple((f"{number}{BIG}", BIG) for number in range(25)),
    "reported_by": PersonRef(103, BIG),
    "aftermath": Aftermath(
        resolution=Resolution(
            cause="*" * 1_000,
            fix="`" * 1_000,
            impact="_" * 300,
            people=MOST_PEOPLE,
            duration_s=10**9,
            by_id=1,
            by_name=BIG,
            at=AT,
        ),
        postmortem=Postmortem(
            state=PostmortemState.OWED, owner_id=101, owner_name=BIG, due_on=date(2026, 12, 1)
        ),
    ),
    "checks": {key: Check(3, BIG, AT + 40 * DAY) for key in POLICY.checklist("SEV1").keys},
    "duplicates": tuple(range(1_000_000, 1_000_040)),
    "linked": tuple(range(2_000_000, 2_000_040)),
}
KINDS: Mapping[AnyDeliveryKind, Mapping[str, object]] = {
    DeliveryKind.ALERT: {},
    DeliveryKind.THREAD_ROOT: {},
    DeliveryKind.THREAD_START: {},
    DeliveryKind.THREAD_CARD: {},
    DeliveryKind.THREAD_SHEET: {},
    DeliveryKind.OUTPUT: {"by": BIG, "text": "*`" * 600, "topic": "x", "counts": {"x" * 40: 9}, "lines": 9},
    DeliveryKind.PAGE: {**FIRST_ESCALATION, "declined_by": BIG},
    DeliveryKind.ESCALATION: {**FIRST_ESCALATION, "declined_by": BIG, "next": None},
    DeliveryKind.SECOND: {},
    **{kind: {} for kind in DeliveryKind if kind.spec.shows_triage},
    DeliveryKind.NOTICE: {"notice": "note", "by": BIG, "text": "*" * 1_000},
    PostmortemDelivery.DM: {"owner_id": 101, "owner": BIG, "due_on": "2026-12-01", "by": BIG},
    DeliveryKind.ROLE_DM: {"role": "commander", "holder_id": 101, "holder": BIG, "by": BIG},
    DeliveryKind.OFFER: {"holder_id": 101, "holder": BIG, "by": BIG, "at": AT.isoformat(), "handed": True},
}
STATES = (TRIGGERED, PLACED, ACKNOWLEDGED, RESOLVED, REOPENED)


def check(incident: Incident) -> None:
    """Render every kind in both languages."""
    for words in (JA, EN):
        for kind, data in KINDS.items():
            body = render(words, delivery(kind, data=data), incident)
            assert over_limits(body) == []
            assert str(body["content"]).replace("@here", "", 1).count("@here") == 0
            assert "@everyone" not in str(body)
        assert 1 <= len(str(render(words, delivery(DeliveryKind.THREAD), incident)["name"])) <= 100


def test_the_worst_case_fits() -> None:
    """Titles of 200 signs that all need an escape, times 25 targets."""
    for state in STATES:
        check(replace(state, **WORST))  # type: ignore[arg-type]


@settings(max_examples=30)
@given(st.sampled_from(STATES), TITLES, MANY, MANY, NASTY)
def test_anything_fits(
    state: Incident, title: str, targets: tuple[str, ...], symptoms: tuple[str, ...], name: str
) -> None:
    """Posts fit into Discord's limits and ping nobody, whatever title, targets and names people type."""
    check(
        replace(
            state,
            title=title,
            targets=targets,
            symptoms=symptoms,
            reported_by=PersonRef(103, name),
            acknowledged=ByPerson(101, name, AT),
            path=tuple((target, name) for target in targets),
        )
    )


def test_a_terrible_week_fits() -> None:
    """The digest of a week with dozens of incidents, people and channels fits into Discord's limits."""
    bad = tuple(replace(RESOLVED, **WORST) for _ in range(60))  # type: ignore[arg-type]
    week = Digest(
        week=IsoWeek(2026, 47),
        figures=IncidentFigures(
            tuple(
                SeverityFigures(f"SEV{number}", 10**6, Durations(1, 1e7, 1e7), Durations(1, 1e7, 1e7))
                for number in range(25)
            )
        ),
        before=IncidentFigures((SeverityFigures("SEV1", 1),)),
        missed=bad,
        open=bad,
        postmortems=tuple(replace(OWED, incident=one) for one in bad),
        load=tuple(PersonLoad(OnCallPerson(BIG, BIG), PageCounts(10**6, 1, 1, 1, 1)) for _ in range(60)),
        alerts=AlertQuality(
            tuple(AlertSource(BIG, AlertCounts(10**6, 10**6, 1, 1, 1, 1)) for _ in range(60))
        ),
        asked_alerts=AskedAlerts(
            tuple(replace(bad[0], id=number) for number in range(3)), {0: replace(MUTED, by_name=BIG)}
        ),
        actions=actions_due([action(number, date.min) for number in range(60)], {}, today=date(2026, 1, 1)),
        missing=frozenset({DigestPart.DLQ}),
        dlq=DlqCounts(10**6, tuple((f"{number}{BIG}", 10**4) for number in range(60)), 10**5, 1),
        previous_dlq=1,
    )
    for words in (JA, EN):
        assert over_limits(render(words, delivery(DigestDelivery.POST), week)) == []


def test_an_empty_field_does_not_cost_the_message() -> None:
    """Discord refuses the whole message for one; the others are shown."""
    shown = embed(colour=0, fields=[Field("a", "1"), Field("b", ""), Field("c", "3")])
    assert shown["fields"] == [
        {"name": "a", "value": "1", "inline": False},
        {"name": "c", "value": "3", "inline": False},
    ]
