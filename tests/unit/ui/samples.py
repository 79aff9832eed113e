"""Incidents and deliveries to render, and what Discord would say about the result."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.delivery.delivery import Delivery, DeliveryStatus
from bot.domain.delivery.kinds import AnyDeliveryKind
from bot.domain.incident import transitions
from bot.domain.incident.incident import ByPerson, Incident, PersonRef, Status
from bot.domain.outage import Watch
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry
from bot.domain.timeline.lines import Line
from bot.domain.triage.session import Triage, TriageStatus
from bot.i18n import Texts
from bot.runbook import default_policy_text, load_policy, parse_policy
from bot.ui.words.timeline import told_line
from bot.ui.words.wording import Wording

AT = datetime(2026, 11, 24, 5, 7, tzinfo=UTC)  # 14:07 JST
POLICY = load_policy(None)
TEXTS = Texts.load()
JA = Wording(TEXTS, POLICY)
EN = Wording(
    TEXTS,
    parse_policy(default_policy_text().replace('language = "ja"', 'language = "en"'), name="en.toml"),
)

TRIGGERED = Incident(
    id=42,
    guild_id=7,
    severity="SEV1",
    priority="P0",
    status=Status.TRIGGERED,
    title="決済 API が 5xx",
    targets=("api.parky.co.jp",),
    symptoms=("errors",),
    path=(("users_affected", "yes"), ("large_impact", "yes")),
    started_at=AT - timedelta(minutes=2),
    triggered_at=AT,
    ack_due_at=AT + timedelta(minutes=15),
    reported_by=PersonRef(103, "responder"),
)
PLACED = replace(
    TRIGGERED,
    post=replace(TRIGGERED.post, channel_id=301, message_id=900),
    thread=replace(TRIGGERED.thread, id=900),
    version=3,
)
ACKNOWLEDGED = replace(
    PLACED,
    status=Status.ACKNOWLEDGED,
    acknowledged=ByPerson(101, "primary", AT + timedelta(minutes=2)),
)
RESOLVED = transitions.resolve(ACKNOWLEDGED, by=Person(id=101, name="primary"), at=AT + timedelta(minutes=45))
CANCELLED = transitions.cancel(ACKNOWLEDGED, by=Person(id=101, name="primary"), at=AT + timedelta(minutes=45))
MERGED = transitions.merge(
    ACKNOWLEDGED,
    into=replace(PLACED, id=41),
    by=Person(id=101, name="primary"),
    at=AT + timedelta(minutes=45),
)
REOPENED = transitions.reopen(
    RESOLVED,
    by=Person(id=102, name="secondary"),
    at=AT + timedelta(hours=2),
    next_update_at=AT + timedelta(hours=2, minutes=30),
)

FIRST_ESCALATION: Mapping[str, object] = {
    "step": 1,
    "mention": "here",
    "dm": ["primary", "secondary"],
    "waited_s": 900.0,
    "told": {"primary": 1},
    "unreached": ["secondary"],
    "next": {
        "dm": ["primary", "secondary"],
        "mention": "here",
        "due_at": (AT + timedelta(minutes=30)).isoformat(),
    },
}
#: A triage that ended in 再評価, and that nobody was asked about yet.
HELD = Triage(
    id=5,
    guild_id=7,
    user_id=103,
    user_name="responder",
    title="ログインが遅い",
    targets=("parky.co.jp",),
    symptoms=("slow",),
    started_at=AT,
    created_at=AT,
    status=TriageStatus.REEVALUATING,
    answers=(),
    channel_id=301,
    source_message_id=333,
    due_at=AT + timedelta(minutes=30),
    rounds=1,
    held_by_name="responder",
)
ASKED = HELD.ask(at=AT + timedelta(minutes=30), due_at=AT + timedelta(minutes=45))


def delivery(
    kind: AnyDeliveryKind, *, to: str = "incident", data: Mapping[str, object] | None = None
) -> Delivery:
    """A delivery about incident 42 that has not been tried."""
    return Delivery(
        id=1,
        kind=kind,
        to=to,
        key="inc:42:x",
        guild_id=7,
        incident_id=42,
        data=data or {},
        priority=100,
        status=DeliveryStatus.PENDING,
        nonce="d1nonce",
        attempts=0,
        created_at=AT,
    )


def embed_of(body: Mapping[str, object]) -> dict[str, object]:
    """The one embed of a body."""
    embeds = body["embeds"]
    assert isinstance(embeds, list)
    (found,) = embeds
    assert isinstance(found, dict)
    return found


def description_of(body: Mapping[str, object]) -> str:
    """What the body's embed says."""
    return str(embed_of(body).get("description", ""))


def buttons_of(body: Mapping[str, object]) -> list[dict[str, object]]:
    """The buttons of a body, row by row; no selects."""
    rows = body["components"]
    assert isinstance(rows, list)
    return [made for row in rows for made in row["components"] if "options" not in made]


def presses_of(body: Mapping[str, object]) -> list[str]:
    """Custom ids, or the addresses of link buttons."""
    return [str(made.get("custom_id") or made["url"]) for made in buttons_of(body)]


def labels_of(body: Mapping[str, object]) -> list[object]:
    """The labels of the buttons, in order."""
    return [made.get("label") for made in buttons_of(body)]


def over_limits(body: Mapping[str, object]) -> list[str]:
    """What Discord would refuse. Source: Discord's docs, Message, Embed Limits, Button."""
    faults = [] if len(str(body["content"])) <= 2_000 else ["content"]
    total = 0
    embeds = body["embeds"]
    assert isinstance(embeds, list)
    for made in embeds:
        total += len(made.get("title", "")) + len(made.get("description", ""))
        faults += ["title"] if len(made.get("title", "")) > 256 else []
        faults += ["description"] if len(made.get("description", "")) > 4_096 else []
        faults += ["fields"] if len(made.get("fields", ())) > 25 else []
        for field in made.get("fields", ()):
            total += len(field["name"]) + len(field["value"])
            faults += ["field name"] if not 1 <= len(field["name"]) <= 256 else []
            faults += ["field value"] if not 1 <= len(field["value"]) <= 1_024 else []
    faults += ["embed total"] if total > 6_000 else []
    buttons = buttons_of(body)
    faults += ["buttons"] if len(buttons) > 5 else []
    labels = [str(made["label"]) for made in buttons if "label" in made]  # a select has none
    faults += [f"label {label}" for label in labels if not 1 <= len(label) <= 80]
    faults += [f"id {made}" for made in buttons if len(str(made.get("custom_id", ""))) > 100]
    return faults


def watch(*, guild_id: int = 7, raised_at: datetime = TRIGGERED.triggered_at) -> Watch:
    """An unacknowledged SEV1 as it is known without a database."""
    return Watch(
        key="inc:1",
        guild_id=guild_id,
        label="INC-1",
        severity="SEV1",
        title="決済 API が 5xx",
        targets=(),
        raised_at=raised_at,
        to="channel",
        rings=True,
        is_drill=False,
        is_private=False,
        places=(),
        rungs=(),
    )


def entry_line(words: Wording, entry: TimelineEntry) -> str:
    """Return the line of an entry without corrections."""
    return told_line(words, Line(entry))
