"""The question whether to continue an unfinished triage: by DM to its person, in a channel to the team."""

from collections.abc import Iterator
from typing import Final

from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.triage.session import Triage
from bot.services.triage.walk import raised_if_left
from bot.ui.buttons import row
from bot.ui.posts.bodies import GREY, Body, embed, message
from bot.ui.verbs import TriageVerb
from bot.ui.words.inert import inert
from bot.ui.words.triage_words import or_more_severe, path_words
from bot.ui.words.voice import channel_name
from bot.ui.words.wording import Wording, relative

_TITLE_LIMIT: Final = 420  # 200 characters as stored, escaped
_PATH_LIMIT: Final = 900


def is_left(triage: Triage) -> bool:
    """Return whether the triage's person was asked to continue, and no one has continued it since."""
    return triage.is_unfinished and triage.idle.asked_at is not None


def unfinished_post(words: Wording, kind: AnyDeliveryKind, triage: Triage) -> Body:
    """Compose the question, with what happens if no one continues the triage; [続ける] [やめる].

    Args:
        words: The team's.
        kind: `UNFINISHED_DM` or `UNFINISHED`.
        triage: One that `is_left`.
    """
    content = words.say("triaging.unfinished.line", title=inert(triage.title, limit=_TITLE_LIMIT))
    buttons = row([words.buttons.make(verb, triage.id) for verb in (TriageVerb.CONTINUE, TriageVerb.STOP)])
    facts = "\n".join(_facts(words, kind, triage))
    return message(content, embeds=[embed(colour=GREY, description=facts)], components=buttons)


def _facts(words: Wording, kind: AnyDeliveryKind, triage: Triage) -> Iterator[str]:
    if kind is DeliveryKind.UNFINISHED:
        who = words.who(triage.idle.asked_name)
        yield words.say("triaging.unfinished.left", who=who)
    yield _consequence(words, triage)
    if triage.answers:
        steps = [path_words(words, given) for given in triage.answers]
        path = words.joined(steps, separator=" → ", limit=_PATH_LIMIT)
        yield words.say("triaging.unfinished.path", path=path)
    started = triage.started_at
    yield words.say("triaging.question.facts", at=words.moment(started), ago=relative(started))


def _consequence(words: Wording, triage: Triage) -> str:
    """Say what happens, and when, if no one continues the triage."""
    channel, due_at = channel_name(words.policy.unfinished.channel), triage.idle.due_at
    if due_at is None:
        return words.say("triaging.unfinished.open", channel=channel)
    due, left = words.moment(due_at), relative(due_at)
    severity = raised_if_left(words.policy, triage)
    if severity is None:
        return words.say("triaging.unfinished.offered", channel=channel, due=due, left=left)
    raised = words.say("triaging.unfinished.raised", severity=severity.name, due=due, left=left)
    return f"{raised}{or_more_severe(words, triage)}"
