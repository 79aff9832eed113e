"""`/alerts recent`: why an alert became an incident or did not. What monitors say is shown inert."""

from collections.abc import Iterator
from typing import Final

from discord import ui

from bot.domain.alerts.decisions import (
    AlertOutcome,
    DecisionCursor,
    DecisionPage,
    ShownDecision,
)
from bot.domain.incident.incident import label_of
from bot.ui.components import Screen, button, row, text
from bot.ui.words.alert_words import clue_words, outcome_words
from bot.ui.words.inert import inert, plain
from bot.ui.words.links import place_url
from bot.ui.words.voice import Voice

#: The custom id of a button that turns the page: the filter, and the place that the page begins at.
PAGE: Final = (
    r"alerts:v1:(?P<way>older|newer):(?P<said>\d{1,19}):(?P<nth>\d{1,6})"
    r":(?P<outcome>[a-z_]{0,16}):(?P<target>[^\r\n]{0,40})"
)
#: Characters of a target that a button can carry; a list of a longer one has no second page.
TARGET_ROOM: Final = 40
_TITLE_LIMIT: Final = 90
_NAME_LIMIT: Final = 40
_HOLDER_LIMIT: Final = 20
_URL_LIMIT: Final = 120  # a longer one would leave no room for the others
_ROOM: Final = 3_700  # of `TEXT_LIMIT`, beside the headings; a page that needs more goes without the evidence
_SEPARATOR: Final = " · "


def decisions_screen(voice: Voice, page: DecisionPage) -> Screen:
    """Show a page of decisions, each with its time, monitor, title, outcome and links."""
    target, outcome = page.filter.target, page.filter.outcome
    narrowed = [] if target is None else [inert(target, limit=_NAME_LIMIT)]
    narrowed += [] if outcome is None else [outcome_name(voice, outcome)]
    only = _SEPARATOR.join(narrowed)
    lines = [line for one in page.shown for line in _lines(voice, one, explains=True)]
    if sum(map(len, lines)) > _ROOM:
        lines = [line for one in page.shown for line in _lines(voice, one, explains=False)]
    return Screen(
        text(
            voice.say("alert_decisions.recent.title"),
            voice.say("alert_decisions.recent.narrowed", what=only) if only else "",
        ),
        ui.Separator(),
        text(*(lines or [voice.say("alert_decisions.recent.none")])),
        rows=[row(*(None if at is None else _turn(voice, page, at) for at in (page.newer, page.older)))],
    )


def outcome_name(voice: Voice, outcome: AlertOutcome) -> str:
    """Return an outcome for a list of choices."""
    return plain(
        voice.say(
            f"alert_decisions.outcome.{outcome}", rule="*", count="*", needed="*", within="*", problem="*"
        ),
        limit=100,
    )


def _lines(voice: Voice, shown: ShownDecision, *, explains: bool) -> Iterator[str]:
    """Yield two lines: when and what, then the outcome with its links. A private incident is not named."""
    one = shown.decision
    hidden = voice.say("alert_decisions.recent.hidden")
    title = hidden if shown.is_hidden else inert(one.title, limit=_TITLE_LIMIT)
    yield voice.say("alert_decisions.recent.head", at=voice.moment(one.said_at), title=title)
    parts = [_outcome(voice, shown)]
    if one.incident_id is not None and not shown.is_hidden:
        label = label_of(one.incident_id)
        if shown.channel_id is not None:
            label = f"[{label}]({place_url(one.guild_id, shown.channel_id, shown.message_id)})"
        parts[0] += f" → {label}"
    if explains and not shown.is_hidden and (why := clue_words(voice, one)):
        parts.append(why)
    parts.append(inert(one.label, limit=_NAME_LIMIT))
    if one.target is not None and not shown.is_hidden:
        parts.append(inert(one.target, limit=_NAME_LIMIT))
    if 0 < len(one.url) <= _URL_LIMIT and not shown.is_hidden:
        parts.append(voice.say("alert_decisions.recent.source", url=one.url))
    yield f"-# {_SEPARATOR.join(parts)}"


def _outcome(voice: Voice, shown: ShownDecision) -> str:
    """Return what became of it; until when it is held and who has set that, unless it is tracked by now."""
    one, held = shown.decision, shown.holding
    if one.outcome is not AlertOutcome.HELD or one.incident_id is not None or held is None:
        return outcome_words(voice, one)
    return voice.say(
        "alert_decisions.recent.held",
        until=voice.moment(held.until),
        who=inert(held.by_name, limit=_HOLDER_LIMIT),
    )


def _turn(voice: Voice, page: DecisionPage, at: DecisionCursor) -> ui.Button[ui.LayoutView] | None:
    outcome, target = page.filter.outcome or "", page.filter.target or ""
    if len(target) > TARGET_ROOM:
        return None
    way = "newer" if at.is_newer else "older"
    return button(
        voice.say(f"alert_decisions.recent.{way}"),
        f"alerts:v1:{way}:{at.said_id}:{at.nth}:{outcome}:{target}",
    )
