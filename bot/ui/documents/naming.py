"""The names of people in a document: as they were recorded, or by what they did (blameless).

Source: Google's SRE book, chapter 15: a postmortem looks for contributing causes, not for a person to blame.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Final

from bot.domain.oncall.people import id_of
from bot.domain.postmortem.facts import PostmortemCall, PostmortemFacts, acting
from bot.domain.postmortem.template import Naming
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording

_NAME: Final = 80


@dataclass(frozen=True, slots=True)
class DocumentWording(Wording):
    """The team's wording for a document: nothing in it mentions a person in Discord.

    Attributes:
        parts: The part that each person played, by name and by handle; None: people are named.
    """

    parts: Mapping[str, str] | None = field(default=None)

    def who(self, name: str | None) -> str:
        """Return the person's part, or else their name."""
        if self.parts is None:
            return inert(name or "?", limit=_NAME)  # without the sign that calls people elsewhere
        return self.parts.get(name or "") or self.say("document.part.other")

    def handle(self, handle: str) -> str:
        """Return the name of a person on call: never a mention, which only Discord can read."""
        person = self.policy.team.get(handle)
        return self.who(handle if person is None or self.parts is not None else person.name)

    def _at(self, place: str) -> str:
        if self.parts is None or place.startswith("@"):
            return Wording._at(self, place)  # noqa: SLF001  # the class that this one extends
        return _on_call(self, place)


def worded(words: Wording, facts: PostmortemFacts) -> DocumentWording:
    """Return *words* for the document of *facts*, which name people as the policy says."""
    kept = {each.name: getattr(words, each.name) for each in fields(Wording)}
    by_part = words.policy.postmortem.names is Naming.ROLES
    return DocumentWording(**kept, parts=_parts(words, facts) if by_part else None)


def _parts(words: Wording, facts: PostmortemFacts) -> dict[str, str]:
    """Return the part of each person of the incident, by name and handle; one each, whatever else they did.

    A role comes before a turn on call, and that before everything else. Other people are numbered in the
    order in which they first act. Monitors keep their names.
    """
    incident = facts.incident
    known: dict[str, str] = {}
    if incident.tracked.monitor is not None:
        monitor = (incident.tracked.monitor, incident.reported_by.name)
        known |= {name: inert(name, limit=_NAME) for name in monitor}
    for role, holder in incident.roles.items():
        known.setdefault(holder.name, words.say(f"roles.name.{role.value}"))
    for called in facts.called:
        names = set(_names(words, called, facts))
        part = next((known[name] for name in sorted(names) if name in known), _on_call(words, called.place))
        known |= dict.fromkeys(names, part)
    others = dict.fromkeys([incident.reported_by.name, *(name for _, name in acting(facts.lines))])
    for number, name in enumerate((name for name in others if name not in known), start=1):
        known[name] = words.say("document.part.responder", number=number)
    if facts.postmortem is not None:  # whom the resolve form has chosen may have played no other part
        known.setdefault(facts.postmortem.owner_name, words.say("document.part.owner"))
    return known


def _names(words: Wording, called: PostmortemCall, facts: PostmortemFacts) -> Iterator[str]:
    """Yield all that the person who was called is known by: handle, the policy's name, names in Discord."""
    if called.handle is None:
        return
    yield called.handle
    person = words.policy.team.get(called.handle)
    if person is not None:
        yield person.name
    user_id = id_of(called.handle) if person is None else person.user_id or id_of(called.handle)
    if user_id is not None:
        yield from (name for number, name in acting(facts.lines) if number == user_id)


def _on_call(words: Wording, place: str) -> str:
    return words.say("document.part.on_call", place=inert(place, limit=_NAME))
