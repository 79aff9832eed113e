"""A triage that ended in 再評価: the question in its channel, with what happens when nobody answers."""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.triage_session import Triage
from bot.ui import timestamps
from bot.ui.bodies import GREY, Body, embed, message
from bot.ui.buttons import TriageVerb, row
from bot.ui.inert import inert
from bot.ui.wording import Wording

_TITLE_LIMIT = 420
_TARGETS_LIMIT = 160
_LINE_LIMIT = 900


def reevaluation(words: Wording, data: Mapping[str, object]) -> Body:
    """The question, with [発報する] and [問題なし].

    Args:
        words: The team's.
        data: As `bot.services.triages` owes it.
    """
    triage = int(str(data["triage"]))
    verbs = (TriageVerb.PROMOTE, TriageVerb.DISMISS)
    return message(
        _line(words, data),
        embeds=[embed(colour=GREY, description="\n".join(_facts(words, data)))],
        components=row([words.buttons.make(verb, triage) for verb in verbs]),
    )


def answered(words: Wording, data: Mapping[str, object], triage: Triage) -> Body:
    """The same message once nobody is asked any more: what became of it, without buttons."""
    if triage.incident_id is not None:
        became = words.say("page.reevaluation.raised", incident=f"INC-{triage.incident_id}")
    else:
        became = words.say("page.reevaluation.dismissed")
    facts = [became, *_facts(words, data)[:-1]]  # the promise is over
    return message(_line(words, data), embeds=[embed(colour=GREY, description="\n".join(facts))])


def _line(words: Wording, data: Mapping[str, object]) -> str:
    line = words.say("page.reevaluation.line", title=inert(str(data["title"]), limit=_TITLE_LIMIT))
    targets = words.targets(_strings(data.get("targets")), limit=_TARGETS_LIMIT)
    return words.say("alert.line.targets", line=line, targets=targets) if targets else line


def _facts(words: Wording, data: Mapping[str, object]) -> list[str]:
    started, due = (datetime.fromisoformat(str(data[key])) for key in ("started_at", "due_at"))
    symptoms = words.symptoms(_strings(data.get("symptoms")), limit=_LINE_LIMIT)
    facts = [words.say("page.reevaluation.facts", at=words.moment(started), ago=timestamps.relative(started))]
    if symptoms:
        facts.append(words.say("alert.symptoms", symptoms=symptoms))
    return [
        words.say("page.reevaluation.seen", who=f"<@{int(str(data['reported_by_id']))}>"),
        " · ".join(facts),
        words.say(
            "page.reevaluation.promise",
            due=words.moment(due),
            severity=words.policy.reevaluate.promote_to,
            left=timestamps.relative(due),
        ),
    ]


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else []
