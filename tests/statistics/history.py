"""Weeks that Hypothesis makes up, around the moments at which a figure may slip into a wrong week or hour."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from typing import Final
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

GUILD: Final = 7

#: The clocks are put back in October in the second, in November in the third; the first has none.
ZONES: Final = tuple(map(ZoneInfo, ("Asia/Tokyo", "Europe/Berlin", "America/New_York")))

#: 2026-W43 to 2026-W48, and when the figures are asked for.
FIRST: Final = date(2026, 10, 19)
AFTER: Final = date(2026, 11, 30)
NOW: Final = datetime(2026, 11, 30, 9, tzinfo=UTC)

#: Days off of the Japanese calendar, a Tuesday and a Monday, and one on a Sunday.
HOLIDAYS: Final = (date(2026, 11, 3), date(2026, 11, 15), date(2026, 11, 23))

#: Those, the first and the last Monday, and the nights in which the clocks change: half of what happens.
_SPECIAL: Final = (*HOLIDAYS, FIRST, AFTER, date(2026, 10, 25), date(2026, 11, 1))

SEVERITIES: Final = ("SEV1", "SEV2", "SEV3")
TARGETS: Final = ("api.parky.co.jp", "dev-*", "決済")
RINGING: Final = ("SEV1", "OLD")
PROMISING: Final = ("SEV1", "SEV3")
PEOPLE: Final = (11, 12, 13)
_READERS: Final = ("primary", "12345678901234567", None)


@dataclass(frozen=True, slots=True)
class MadeEntry:
    """A status update, a mere promise (no words), or a reminder (its number in the row)."""

    at: datetime
    reminder: int | None = None
    has_words: bool = False
    is_promise: bool = False


@dataclass(frozen=True, slots=True)
class MadeTurn:
    """An entry of the timeline that may change who has the incident, or that shows that a person is there."""

    at: datetime
    kind: str
    actor_id: int | None
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class MadeIncident:
    """One row of `incidents`, with its responders, its status updates, and who had it."""

    id: int
    guild_id: int
    severity: str
    kind: str
    status: str
    triggered_at: datetime
    ack_due_at: datetime
    acknowledged_at: datetime | None
    first_ended_at: datetime | None
    ended_at: datetime | None
    reopened_at: datetime | None
    merged_into_id: int | None
    is_drill: bool
    is_private: bool
    targets: tuple[str, ...]
    sender: str
    fingerprint: str | None
    occurrences: int
    responders: tuple[int, ...]
    entries: tuple[MadeEntry, ...]
    turns: tuple[MadeTurn, ...]


@dataclass(frozen=True, slots=True)
class MadeDelivery:
    """One row of `deliveries`: pages, bundles of them, and what is none."""

    id: int
    guild_id: int
    kind: str
    of: str | None
    status: str
    finished_at: datetime | None
    reader: str | None
    place: str
    incident_id: int | None
    bundle_id: int | None


@dataclass(frozen=True, slots=True)
class History:
    """What happened."""

    zone: ZoneInfo
    incidents: tuple[MadeIncident, ...]
    deliveries: tuple[MadeDelivery, ...]


def _edges(zone: ZoneInfo, days: Iterable[date]) -> list[datetime]:
    """Return midnights, the ends of the sleep hours, and both sides of the hour that the clocks repeat."""
    hours = (time(), time(7), time(22), time(1, 30), time(2, 30), time(2, 30, fold=1))
    return [datetime.combine(day, hour, zone).astimezone(UTC) for day in days for hour in hours]


def moments(zone: ZoneInfo) -> st.SearchStrategy[datetime]:
    """Moments in UTC at or near an edge, down to the microsecond."""
    offsets = st.one_of(
        st.sampled_from([timedelta(), timedelta(microseconds=1), -timedelta(microseconds=1)]),
        st.integers(-7_200, 7_200).map(lambda seconds: timedelta(seconds=seconds)),
    )
    days = [FIRST + timedelta(days=number) for number in range(-1, (AFTER - FIRST).days + 2)]
    edges = (st.sampled_from(_edges(zone, chosen)) for chosen in (_SPECIAL, days))
    return st.builds(lambda edge, offset: edge + offset, st.one_of(*edges), offsets)


#: Up to two days, often just the deadline.
_SPANS: Final = st.one_of(
    st.sampled_from([timedelta(minutes=15), timedelta(hours=24)]),
    st.integers(1, 172_800).map(lambda seconds: timedelta(seconds=seconds, microseconds=seconds % 7)),
)


@st.composite
def _entries(draw: st.DrawFn, since: datetime) -> tuple[MadeEntry, ...]:
    kinds = draw(st.lists(st.sampled_from(["update", "last_update", "promise", "reminder"]), max_size=5))
    gaps = draw(st.lists(_SPANS, min_size=len(kinds), max_size=len(kinds)))
    found: list[MadeEntry] = []
    passed = accumulate(gaps, initial=timedelta())
    reminders = 0
    for kind, later in zip(kinds, passed, strict=False):
        reminders = reminders + 1 if kind == "reminder" else 0
        found.append(
            MadeEntry(
                since + later + timedelta(seconds=len(found)),
                reminder=reminders or None,
                has_words="update" in kind,
                is_promise=kind in ("update", "promise"),
            )
        )
    return tuple(found)


#: What the timeline may say of people.
_TURNS: Final[tuple[tuple[str, Mapping[str, object]], ...]] = (
    ("acknowledged", {"via": "button"}),
    ("acknowledged", {"via": "role"}),
    ("lapsed", {"who": "Ann"}),
    ("lapsed", {"who": "Ann"}),
    ("released", {"resumed": True}),
    ("released", {"resumed": False}),
    ("released", {"resumed": False, "to": {"id": 12, "name": "Ben"}}),
    ("reopened", {"reason": ""}),
    ("resolved", {}),
    ("cancelled", {}),
    ("joined", {"via": "button"}),
    ("note", {"text": "x"}),
    ("pinned", {"text": "x"}),
    ("role_changed", {"role": "commander"}),
)


#: After how long something happens, None for just at the deadline; what; and who does it.
_MADE_TURNS: Final = st.lists(
    st.tuples(st.one_of(st.none(), _SPANS), st.sampled_from(_TURNS), st.sampled_from(PEOPLE)), max_size=5
)


@st.composite
def _turns(
    draw: st.DrawFn, since: datetime, due_at: datetime, ended_at: datetime | None
) -> tuple[MadeTurn, ...]:
    """Who had an incident, at random moments; an ended one ends at its end."""
    found = [
        MadeTurn(due_at if span is None else since + span, kind, None if kind == "lapsed" else who, data)
        for span, (kind, data), who in draw(_MADE_TURNS)
    ]
    found = [one for one in sorted(found, key=lambda one: one.at) if ended_at is None or one.at <= ended_at]
    return (*found, *([] if ended_at is None else [MadeTurn(ended_at, "resolved", PEOPLE[0], {})]))


@st.composite
def _incident(draw: st.DrawFn, number: int, zone: ZoneInfo) -> MadeIncident:
    triggered_at = draw(moments(zone))
    acknowledged_at = draw(st.one_of(st.none(), _SPANS.map(lambda span: triggered_at + span)))
    status = draw(
        st.sampled_from(["triggered", "acknowledged", "resolved", "resolved", "cancelled", "merged"])
    )
    since = acknowledged_at or triggered_at
    is_over = status in ("resolved", "cancelled", "merged")
    # Reopened, it may be acknowledged for the first time after its first end.
    first_ended_at = draw(st.one_of(st.none(), _SPANS.map(lambda span: triggered_at + span)))
    reopened_at = None if first_ended_at is None else first_ended_at + timedelta(minutes=1)
    ended_at = max(reopened_at or since, since) + draw(_SPANS) if is_over else None
    due_at = triggered_at + draw(_SPANS)
    turns = draw(_turns(triggered_at, due_at, ended_at))
    if not any(turn.kind in ("lapsed", "released", "reopened") for turn in turns):  # the columns say the same
        acknowledged_at = next((turn.at for turn in turns if turn.kind == "acknowledged"), None)
        first_ended_at = next((turn.at for turn in turns if turn.kind in ("resolved", "cancelled")), None)
    if status == "acknowledged" and acknowledged_at is None and reopened_at is None:
        status = "triggered"
    fingerprint = draw(st.sampled_from([None, "disk", "disk", "latency"]))
    kinds = ["incident"] if fingerprint is None else ["incident", "alert"]
    return MadeIncident(
        id=number,
        guild_id=draw(st.sampled_from([GUILD, GUILD, GUILD, GUILD + 1])),
        severity=draw(st.sampled_from([*SEVERITIES, "OLD"])),
        kind=draw(st.sampled_from(kinds)),
        status=status,
        triggered_at=triggered_at,
        ack_due_at=due_at,
        acknowledged_at=acknowledged_at,
        first_ended_at=first_ended_at if first_ended_at is not None else ended_at,
        ended_at=ended_at,
        reopened_at=reopened_at,
        merged_into_id=draw(st.integers(1, number - 1)) if status == "merged" and number > 1 else None,
        is_drill=draw(st.integers(0, 5)) == 0,
        is_private=draw(st.integers(0, 3)) == 0,
        targets=tuple(draw(st.lists(st.sampled_from(TARGETS), max_size=3))),
        sender=draw(st.sampled_from(["Sentry", "Grafana"])),
        fingerprint=fingerprint,
        occurrences=draw(st.integers(1, 9)) if fingerprint else 1,
        responders=tuple(draw(st.sets(st.sampled_from(PEOPLE)))) if acknowledged_at else (),
        entries=draw(_entries(since)),
        turns=turns,
    )


@st.composite
def _delivery(draw: st.DrawFn, number: int, zone: ZoneInfo, incidents: int) -> MadeDelivery:
    kind = draw(st.sampled_from(["page", "page", "page", "bundle", "escalation"]))
    status = draw(st.sampled_from(["sent", "sent", "sent", "failed", "pending"]))
    return MadeDelivery(
        id=number,
        guild_id=draw(st.sampled_from([GUILD, GUILD, GUILD, GUILD + 1])),
        kind=kind,
        of=draw(st.sampled_from(["page", "escalation"])) if kind == "bundle" else None,
        status=status,
        finished_at=None if status == "pending" else draw(moments(zone)),
        reader=draw(st.sampled_from(_READERS)),
        place=draw(st.sampled_from(["primary", "secondary"])),
        incident_id=draw(st.integers(1, incidents)) if incidents and kind != "bundle" else None,
        bundle_id=draw(st.integers(1, number - 1)) if number > 1 and draw(st.integers(0, 4)) == 0 else None,
    )


@st.composite
def histories(draw: st.DrawFn, zones: tuple[ZoneInfo, ...] = ZONES) -> History:
    """A few weeks of one guild, and a little of another."""
    zone = draw(st.sampled_from(zones))
    incidents = [draw(_incident(number, zone)) for number in range(1, draw(st.integers(0, 14)) + 1)]
    count = draw(st.integers(0, 14))
    deliveries = [draw(_delivery(number, zone, len(incidents))) for number in range(1, count + 1)]
    return History(zone, tuple(incidents), tuple(deliveries))
