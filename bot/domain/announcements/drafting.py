"""Drafts of announcements: by severity, state and targets, in words that users know."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.announcements.announcement import AnnouncementState, AnnouncementText
from bot.domain.announcements.rules import SOME_FEATURES, AnnouncementChannel, AnnouncementRules
from bot.domain.incident.incident import Incident
from bot.domain.triage.tree import Text

#: The placeholders of a draft's text.
PLACEHOLDERS: Final = ("start", "targets", "effect")

#: What a drill's announcement begins with, so that a copy of it misleads no one.
DRILL: Final = Text("【訓練】", "[DRILL] ")

_DEFAULTS: Final = {
    AnnouncementState.INVESTIGATING: Text(
        "{start} 頃から、{targets}で{effect}が発生しています。現在、原因を調査しています。"
        "ご迷惑をおかけし、申し訳ございません。",
        "There has been a {effect} with {targets} since about {start}. We are investigating the cause, "
        "and we are sorry for the inconvenience.",
    ),
    AnnouncementState.IDENTIFIED: Text(
        "{targets}で発生している{effect}の原因が分かり、復旧作業を進めています。"
        "ご迷惑をおかけし、申し訳ございません。",
        "We have found the cause of the {effect} with {targets} and are working on a fix. "
        "We are sorry for the inconvenience.",
    ),
    AnnouncementState.MONITORING: Text(
        "{targets}で発生した{effect}への対応を終え、正常に動いていることを確認しています。"
        "ご迷惑をおかけし、申し訳ございません。",
        "A fix for the {effect} with {targets} is in place, and we are checking that all is well. "
        "We are sorry for the inconvenience.",
    ),
    AnnouncementState.RESOLVED: Text(
        "{start} 頃から、{targets}で発生していた{effect}は、復旧しました。"
        "ご迷惑をおかけし、申し訳ございませんでした。",
        "The {effect} with {targets} that began at about {start} is resolved. "
        "We are sorry for the inconvenience.",
    ),
    AnnouncementState.REOPENED: Text(
        "復旧をお知らせした{targets}の{effect}が、再び発生しています。現在、原因を調査しています。"
        "ご迷惑をおかけし、申し訳ございません。",
        "The {effect} with {targets} that we reported as resolved is back. We are investigating the cause, "
        "and we are sorry for the inconvenience.",
    ),
}


def draft(
    rules: AnnouncementRules, incident: Incident, state: AnnouncementState, *, zone: ZoneInfo
) -> dict[str, AnnouncementText]:
    """Return the draft for each channel. It names targets by their public names, and nothing else of ours.

    Where the names do not fit into a channel's limit, it speaks of some features.
    """
    drafts = {language: _drafts(rules, incident, state, language, zone) for language in ("ja", "en")}
    return {
        name: AnnouncementText(*(_fitting(channel, made) for made in drafts.values()))
        for name, channel in rules.channels.items()
    }


def _fitting(channel: AnnouncementChannel, made: Sequence[str]) -> str:
    return next((words for words in made if channel.length(words) <= channel.limit), made[-1])


def _drafts(
    rules: AnnouncementRules, incident: Incident, state: AnnouncementState, language: str, zone: ZoneInfo
) -> list[str]:
    """Return the draft with the names of the targets, and without them."""
    values = {
        "start": _moment(incident.started_at.astimezone(zone), language),
        "effect": rules.effect(incident.severity).say(language),
    }
    words = rules.texts.get(state, _DEFAULTS[state]).say(language)
    for name, value in values.items():
        words = words.replace(f"{{{name}}}", value)
    if incident.is_drill:
        words = DRILL.say(language) + words
    named = public_targets(rules, incident.targets, language)
    return [words.replace("{targets}", targets) for targets in (named, SOME_FEATURES.say(language))]


def public_targets(rules: AnnouncementRules, targets: Iterable[str], language: str) -> str:
    """Return what users know *targets* as, each name once; without targets, some features."""
    names = list(dict.fromkeys(rules.name(target).say(language) for target in targets))
    names = names or [SOME_FEATURES.say(language)]
    if language == "ja":
        return "、".join(names)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _moment(local: datetime, language: str) -> str:
    """Return a local time as users read it: "11/24 14:05", "14:05 JST on Nov 24"."""
    if language == "ja":
        return f"{local.month}/{local.day} {local:%H:%M}"
    return f"{local:%H:%M %Z} on {_MONTHS[local.month - 1]} {local.day}"


#: `strftime` would ask the locale.
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
