"""Suspects in posts that everybody reads: the card, the line about a decision, the timeline's details."""

import re
from collections.abc import Iterator
from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.domain.incident.incident import Incident, label_of
from bot.runbook.model import Policy
from bot.services.ports import Subject
from bot.storage.database.sql import Sql
from bot.ui.buttons import OwnVerb, row
from bot.ui.posts.bodies import GREY, Body, NoticeLook, NoticeLooks, Renderers, about, by, embed, message
from bot.ui.words.inert import code_block, inert
from bot.ui.words.timeline_details import EntryLook
from bot.ui.words.wording import Wording, place_url, relative
from cogs.suspects.rules import (
    PastIncident,
    Rollback,
    RollbackEntry,
    RollbackNotice,
    SuspectCard,
    SuspectKind,
    SuspectRules,
    first_look,
)

_REASON_LIMIT: Final = 620  # 300 characters as typed, escaped

#: [↩️ ロールバックを記録] and [✋ 戻さないと記録]: each opens the form that asks why; the bot runs nothing.
ROLL_BACK: Final = OwnVerb("roll_back", "↩️")
KEEP_CHANGE: Final = OwnVerb("keep_change", "✋")


def decision_key(*, rolls_back: bool) -> str:
    """Return the last part of the key of a text about a decision."""
    return "yes" if rolls_back else "no"


def decided(words: Wording, data: RollbackEntry, limit: int) -> Iterator[str]:
    """Yield whether to roll back, and the reason."""
    yield words.say(f"suspects.rollback.fact.{decision_key(rolls_back=data.rolls_back)}")
    yield inert(data.reason, limit=limit)


def rollback_line(words: Wording, last: Rollback) -> str:
    """Return the decision that counts: what, who, when, why."""
    return words.say(
        f"suspects.rollback.{decision_key(rolls_back=last.rolls_back)}",
        who=words.who(last.by_name),
        at=words.moment(last.at),
        reason=inert(last.reason, limit=_REASON_LIMIT),
    )


def rollback_commands(words: Wording, *, rolls_back: bool) -> list[str]:
    """Return who runs the commands of a rollback, and these as a block; nothing if there are none."""
    commands = words.policy.of(SuspectRules).rollback
    return [words.say("suspects.rollback.run"), code_block(commands)] if rolls_back and commands else []


#: Half a phone screen: about this many changes, each on two lines.
_CHANGES_SHOWN: Final = 5
_WHAT_LIMIT: Final = 60
_PART_LIMIT: Final = 40
_TITLE_LIMIT: Final = 40
_SAID_LIMIT: Final = 60  # cause and fix together: a line and a half on a phone
_ITEM_LIMIT: Final = 40
_ITEMS_SHOWN: Final = 2
_WORDS_SHOWN: Final = 3

#: Ids of an address: guild and thread, or guild, channel and message.
_ADDRESSES: Final = (2, 3)

#: An address that ends no link by itself.
_ADDRESS: Final = re.compile(r"https?://[^\s()<>\[\]\"\\]+")
#: A bracket in a link's words would end them.
_BRACKETS: Final = str.maketrans("[]", "［］")


def suspects_card(words: Wording, incident: Incident) -> Body:
    """Compose the card: the changes, the decision, what was seen before."""
    known = first_look(incident)
    card, last = known.card, known.rollback
    lines = [] if card is None else [*_changes(words, card), *_unread(words, card)]
    if last is None:
        lines.append(words.say("suspects.rollback.undecided"))
    else:
        lines += [rollback_line(words, last), *rollback_commands(words, rolls_back=last.rolls_back)]
    if card is not None and card.past:
        lines += ["", words.say("suspects.past.head"), *past_lines(words, card.past)]
    title = words.say("suspects.card.title", label=incident.label)
    shown = embed(colour=GREY, title=words.marked(incident, title), description="\n".join(lines))
    verbs = (ROLL_BACK, KEEP_CHANGE) if incident.is_open else ()
    controls = row([words.buttons.make(verb, incident.id) for verb in verbs]) if verbs else []
    return message("", embeds=[shown], components=controls)


def past_lines(words: Wording, past: tuple[PastIncident, ...]) -> Iterator[str]:
    """Yield at most three lines for each past incident: which and why, how it ended, what is still to do."""
    for one in past:
        label, address = label_of(one.number), one.where
        yield words.say(
            "suspects.past.line",
            name=linked(label, place_url(*address)) if len(address) in _ADDRESSES else label,
            title=inert(one.title, limit=_TITLE_LIMIT),
            ago=relative(one.ended_at),
            why=_why(words, one),
        )
        facts = {"because": ("cause", one.cause), "fixed": ("fix", one.fix)}
        ending = " · ".join(
            words.say(f"suspects.past.{key}", **{name: inert(text, limit=_SAID_LIMIT)})
            for key, (name, text) in facts.items()
            if text
        )
        yield f"-# {ending or words.say('suspects.past.unsaid')}"
        if left := " · ".join(_left(words, one)):
            yield f"-# {left}"


def linked(text: str, url: str) -> str:
    """Return *text*, which is safe already, as a link to *url*; without one if *url* is no plain address."""
    return f"[{text.translate(_BRACKETS)}]({url})" if _ADDRESS.fullmatch(url) else text


def _changes(words: Wording, card: SuspectCard) -> Iterator[str]:
    start = card.started_at
    yield words.say(
        "suspects.card.window", **{"from": words.hour(card.since, on=start), "start": words.moment(start)}
    )
    for change in card.changes[:_CHANGES_SHOWN]:
        what = linked(inert(change.what, limit=_WHAT_LIMIT), change.url)
        parts = [inert(part, limit=_PART_LIMIT) for part in (change.where, change.who, change.state) if part]
        line = words.say(f"suspects.change.{change.kind}", ago=words.span(start - change.at), what=what)
        yield (f"{line}\n-# {' · '.join(parts)}" if parts else line)
    hidden = len(card.changes[_CHANGES_SHOWN:]) + card.more
    if hidden:
        yield words.say("suspects.card.more", count=hidden)
    if not card.changes:
        key = "none_read" if card.unread else "none"
        yield words.say(f"suspects.card.{key}", span=words.span(start - card.since))


def _unread(words: Wording, card: SuspectCard) -> Iterator[str]:
    for one in card.unread:
        name = f"suspects.source.{one.source}"
        source = words.say(name) if name in words.texts else inert(one.source, limit=_PART_LIMIT)
        if one.about:
            source = f"{source} ({inert(one.about, limit=_PART_LIMIT)})"
        if one.read_from is None:
            problem = words.say(f"suspects.problem.{one.problem}")
        else:
            problem = words.say("suspects.problem.cut", at=words.hour(one.read_from, on=card.started_at))
        yield words.say("suspects.card.unread", source=source, problem=problem)


def _why(words: Wording, one: PastIncident) -> str:
    """Say why it is thought similar: the strongest reasons first."""
    reasons = [words.say("suspects.past.same_alert")] if one.same_alert else []
    if one.same_targets:
        targets = words.targets(one.same_targets, limit=_PART_LIMIT)
        reasons.append(words.say("suspects.past.same_target", targets=targets))
    if one.words:
        common = words.listed(inert(word, limit=_PART_LIMIT) for word in one.words[:_WORDS_SHOWN])
        reasons.append(words.say("suspects.past.words", words=common))
    return " · ".join(reasons)


def _left(words: Wording, one: PastIncident) -> Iterator[str]:
    """Yield what is still to do, and of which commands the output is on the timeline."""
    if one.open_items:
        items = [inert(item, limit=_ITEM_LIMIT) for item in one.open_items[:_ITEMS_SHOWN]]
        yield words.say("suspects.past.items", items=" / ".join(items))
    sheets = [words.policy.sheets.get(topic) for topic in one.topics]
    titles = [words.pick(sheet.title) for sheet in sheets if sheet is not None]
    if titles:
        yield words.say("suspects.past.outputs", titles=words.joined(titles, limit=_SAID_LIMIT))


def _card(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    return suspects_card(words, about(Incident, delivery, subject))


def _decided(words: Wording, _incident: Incident, notice: RollbackNotice) -> Body:
    key = f"suspects.rollback.notice.{decision_key(rolls_back=notice.rolls_back)}"
    first = words.say(key, who=by(words, notice), reason=inert(notice.reason, limit=_REASON_LIMIT))
    return message("\n".join([first, *rollback_commands(words, rolls_back=notice.rolls_back)]))


async def read_rollback(_sql: Sql, incident: Incident) -> Rollback | None:
    """Return the decision that counts; it was read with the incident."""
    return first_look(incident).rollback


def decision_line(words: Wording, _incident: Incident, last: Rollback | None) -> str:
    """Return the decision that counts; empty before there is one."""
    return "" if last is None else rollback_line(words, last)


def may_decide(_policy: Policy, incident: Incident) -> bool:
    """Return True if people are offered to decide on a rollback."""
    return incident.is_open


ENTRIES: Final = (EntryLook(RollbackEntry, decided),)

NOTICES: Final[NoticeLooks] = (NoticeLook(RollbackNotice, _decided),)

RENDERERS: Final[Renderers] = {SuspectKind.SUSPECTS: _card}
