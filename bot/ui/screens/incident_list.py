"""`/incident list`: what was asked for, which the buttons that turn the page carry, and the page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from discord import SelectOption, ui

from bot.domain.incident.incident import OPEN, Incident, IncidentFilter, Status
from bot.services.incidents.queries import ENDED
from bot.ui.buttons import IncidentVerb
from bot.ui.components import GREY, Row, Screen, button, made_of, row, select_row, text
from bot.ui.posts.bodies import colour_of
from bot.ui.posts.calls import on_call_for, otherwise
from bot.ui.posts.incident.alert import impact
from bot.ui.words.inert import inert, plain
from bot.ui.words.summary import summary
from bot.ui.words.wording import Voice, linked_label, relative

PAGE_SIZE: Final = 10
#: How many ended ones the first page of everything has below open ones: a phone shows an answer from its end.
ENDED_BELOW_OPEN: Final = 3
ANY: Final = "any"

#: Characters of the words that are looked for, and days back: a custom id has room for 100 characters in all.
WORDS_LIMIT: Final = 40
DAYS_LIMIT: Final = 999

#: Which states each choice of the option means; `ANY` means all.
WHICH: Final[Mapping[str, frozenset[Status]]] = {
    ANY: frozenset(),
    "open": OPEN,
    "ended": ENDED,
    **{status.value: frozenset([status]) for status in Status},
}

#: The custom id of a page's button.
PAGE: Final = (
    r"inc:v1:list:(?P<which>[a-z]{1,12})(?P<team>(?:@[a-z0-9_]{1,24})?):(?P<severity>-|[A-Z0-9_-]{1,16}):(?P<mine>[m-])"
    r":(?P<days>\d{1,3}):(?P<page>\d{1,6}):(?P<words>.{0,40})"
)
_NONE = "-"
_ID_LIMIT: Final = 100  # Discord: characters of a custom id
_OPTIONS: Final = 25  # Discord: of a select
_TITLE_LIMIT: Final = 100
_IMPACT_LIMIT: Final = 100  # of the symptoms, and of the triage's answers


@dataclass(frozen=True, slots=True)
class IncidentListQuestion:
    """The filters of a list of incidents that a person asked for.

    Attributes:
        which: A key of `WHICH`.
        mine: Only what they reported, acknowledged, joined or hold a role of.
        days: How far back; 0 for all.
        page: From 0.
        words: A part of the title; empty for all.
        team: As `IncidentFilter.team`; empty for all.
    """

    which: str = ANY
    severity: str | None = None
    mine: bool = False
    days: int = 0
    page: int = 0
    words: str = ""
    team: str = ""

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> "IncidentListQuestion":
        """Read the groups of `PAGE`; a state that no version knows means all."""
        severity = fields["severity"]
        return cls(
            which=fields["which"] if fields["which"] in WHICH else ANY,
            severity=None if severity == _NONE else severity,
            mine=fields["mine"] == "m",
            days=int(fields["days"]),
            page=int(fields["page"]),
            words=fields["words"],
            team=fields["team"].removeprefix("@"),
        )

    @property
    def custom_id(self) -> str:
        """Return the button that leads to this page."""
        mine, team = "m" if self.mine else _NONE, f"@{self.team}" if self.team else ""
        where = f"{self.which}{team}:{self.severity or _NONE}:{mine}:{self.days}:{self.page}"
        return f"inc:v1:list:{where}:{self.words}"

    @property
    def is_everything(self) -> bool:
        """Return True without a filter."""
        return replace(self, page=0) == IncidentListQuestion()

    def offset(self, open_count: int) -> int:
        """Return how many incidents are on the pages before this one; *open_count* as below."""
        return self.page and self.first_page_size(open_count) + (self.page - 1) * PAGE_SIZE

    def first_page_size(self, open_count: int) -> int:
        """Return how many incidents the first page has at most.

        Args:
            open_count: How many of the list's first `PAGE_SIZE` incidents are open.
        """
        below = ENDED_BELOW_OPEN if open_count and self.is_everything else PAGE_SIZE
        return min(open_count + below, PAGE_SIZE)

    def wanted(self, *, by: int, now: datetime) -> IncidentFilter:
        """Return the filter that the list's options mean for the user *by*."""
        return IncidentFilter(
            statuses=WHICH[self.which],
            severity=self.severity,
            team=self.team or None,
            words=self.words or None,
            since=now - timedelta(days=self.days) if self.days else None,
            involves=by if self.mine else None,
        )


def list_screen(
    voice: Voice, incidents: Sequence[Incident], question: IncidentListQuestion, *, may_ack: bool = False
) -> Screen:
    """Show a page of incidents, in the order in which they come.

    Args:
        incidents: One more than the page has room for says that there is a next page.
        question: The filter, and which page of it this is.
        may_ack: The reader may acknowledge: the first incident that waits for it has its button.
    """
    open_count = sum(incident.is_open for incident in incidents[:PAGE_SIZE])
    size = PAGE_SIZE if question.page else question.first_page_size(open_count)
    shown = incidents[:size]
    more_ended = voice.say("consoles.incident.list_more_ended")
    first = next((one for one in shown if may_ack and one.status is Status.TRIGGERED), None)
    waiting = [one for one in shown if is_waiting(one) and not one.is_drill]
    worst = min(waiting, key=lambda one: voice.severity(one).rank, default=None)
    ack = None
    if first is not None:
        made = voice.buttons.make(IncidentVerb.ACK, first.id)
        ack = made_of(made | {"label": voice.say("consoles.incident.ack", label=first.label)})
    before, after = (replace(question, page=max(question.page + step, 0)) for step in (-1, 1))
    is_movable = len(after.custom_id) <= _ID_LIMIT  # a long name of a team may leave the words no room
    has_previous, has_next = is_movable and question.page > 0, is_movable and len(incidents) > size
    previous = button(voice.say("consoles.previous"), before.custom_id, emoji="◀") if has_previous else None
    following = button(voice.say("consoles.next"), after.custom_id, emoji="▶") if has_next else None
    return Screen(
        text(_title(voice, question), _summary(voice, shown, first)),
        *_blocks(voice, shown),
        *([text(more_ended)] if size < min(len(incidents), PAGE_SIZE) else []),
        *([text(voice.say("consoles.incident.page", number=question.page + 1))] if question.page else []),
        rows=[row(ack), _open_select(voice, shown), row(previous, following)],
        colour=GREY if worst is None else colour_of(voice, worst),
    )


def _blocks(voice: Voice, incidents: Sequence[Incident]) -> Iterator[ui.Item[Any]]:
    """Yield each open incident below a line, then the ended ones together."""
    if not incidents:
        yield text(voice.say("consoles.incident.list_empty"))
    for incident in incidents:
        if incident.is_open:
            yield ui.Separator()
            yield text(_line(voice, incident), *_more(voice, incident))
    ended = [_line(voice, incident) for incident in incidents if not incident.is_open]
    if ended:
        yield ui.Separator()
        yield text(*ended)


def which_screen(voice: Voice, incidents: Sequence[Incident]) -> Screen:
    """Ask どのインシデントですか: as many open ones as a select holds, and a button to the others."""
    none = "" if incidents else voice.say("consoles.incident.none_open")
    label = voice.say("consoles.incident.all_open", count=len(incidents))
    all_open = button(label, IncidentListQuestion("open").custom_id, emoji="▶")
    return Screen(
        text(voice.say("consoles.incident.which"), none),
        rows=[
            _open_select(voice, incidents[:_OPTIONS]),
            row(all_open) if len(incidents) > _OPTIONS else None,
        ],
    )


def _title(voice: Voice, question: IncidentListQuestion) -> str:
    which, filters = question.which, list(_filters(voice, question))
    if which == "open":
        return voice.say("consoles.incident.list_title_open", what=" · ".join(filters)).rstrip()
    states = voice.say(f"consoles.incident.list_{which}" if which in (ANY, "ended") else f"state.{which}")
    return voice.say("consoles.incident.list_title", what=" · ".join([states, *filters]))


def _filters(voice: Voice, question: IncidentListQuestion) -> Iterator[str]:
    """Say the filters beside the choice of states."""
    if question.severity is not None:
        yield inert(question.severity, limit=40)
    if question.team:
        yield voice.say("whose.mark", team=voice.team(question.team))
    if question.words:
        yield voice.say("consoles.incident.list_words", words=inert(question.words, limit=2 * WORDS_LIMIT))
    if question.mine:
        yield voice.say("consoles.incident.list_mine")
    if question.days:
        yield voice.say("consoles.incident.list_days", span=voice.span(timedelta(days=question.days)))


def _line(voice: Voice, incident: Incident) -> str:
    """🔴 SEV1 · 決済 API が 5xx · **未対応** · ack 14:20 まで · INC-42; an ended one has its date.

    Where the policy has teams, it ends with whose it is.
    """
    parts = [summary(voice, incident, limit=_TITLE_LIMIT), linked_label(incident)]
    if not incident.is_open:
        parts.insert(1, voice.moment(incident.started_at))
    if voice.policy.teams:
        team = incident.team if incident.team in voice.policy.teams else None
        parts.append(voice.say("whose.mark", team=voice.team(team)))
    return " · ".join(parts)


def _more(voice: Voice, incident: Incident) -> Iterator[str]:
    """Yield the impact, what happens otherwise, who is on call, and the age."""
    yield impact(voice, incident, limit=_IMPACT_LIMIT)
    if is_waiting(incident):
        yield otherwise(voice, incident, shown=1)
    small = [
        on_call_for(voice, incident),
        voice.say("consoles.incident.list_started", ago=relative(incident.started_at)),
    ]
    yield f"-# {' · '.join(part for part in small if part)}"


def is_waiting(incident: Incident) -> bool:
    """Return True if it waits for a person now: for an acknowledgement, or for an update that is overdue."""
    is_late = incident.updates.due_at is not None and bool(incident.updates.reminders)
    return incident.status is Status.TRIGGERED or (incident.is_open and is_late)


def _summary(voice: Voice, incidents: Sequence[Incident], first: Incident | None) -> str:
    """Say how many of these wait for a person now, and how to act on one; empty when nothing is open.

    Args:
        first: The one that has a button on this screen: if it is the only one, the menu is not needed.
    """
    if not any(incident.is_open for incident in incidents):
        return ""
    count = sum(is_waiting(incident) for incident in incidents)
    if not count:
        return voice.say("consoles.incident.list_none_waiting")
    has_button = count == 1 and first is not None
    return voice.say(f"consoles.incident.list_waiting{'' if has_button else '_menu'}", count=count)


def _open_select(voice: Voice, incidents: Sequence[Incident]) -> Row | None:
    options = [
        SelectOption(
            label=f"{incident.label} {incident.severity}",
            description=plain(voice.marked(incident, incident.title), limit=100),
            value=str(incident.id),
        )
        for incident in incidents
    ]
    return select_row("inc:v1:open", voice.say("consoles.incident.open"), options)
