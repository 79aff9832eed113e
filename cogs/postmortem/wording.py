"""The team's wording for a document: what people are called in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Final

from bot.domain.oncall.people import id_of
from bot.ui.words.inert import inert, plain
from bot.ui.words.wording import Wording
from cogs.postmortem.facts import PostmortemCall, PostmortemFacts, acting
from cogs.postmortem.rules import Naming, PostmortemRules

_NAME: Final = 80


@dataclass(frozen=True, slots=True)
class DocumentWording(Wording):
    """The team's wording for a document: nothing in it mentions a person in Discord.

    Attributes:
        is_by_part: People are called by the part that they played.
        called: What each person is called, by name and by handle.
        beside_role: By name, what the holder of a role is called where the role itself is named.
    """

    is_by_part: bool = False
    called: Mapping[str, str] = field(default_factory=dict)
    beside_role: Mapping[str, str] = field(default_factory=dict)

    def who(self, name: str | None) -> str:
        """Return what the person is called."""
        known = self.called.get(name or "")
        if known is not None:
            return known
        if self.is_by_part:
            return self.say("document.part.other")
        return inert(name or "?", limit=_NAME)  # without the sign that calls people elsewhere

    def plainly(self, name: str, *, limit: int) -> str:
        """Return what the person is called, for a place without markup."""
        return self.who(name) if self.is_by_part else plain(name, limit=limit)

    def holder(self, name: str) -> str:
        """Return what the holder of a role is called beside the role: "指揮：佐藤", never "指揮：指揮"."""
        return self.beside_role.get(name) or self.who(name)

    def handle(self, handle: str) -> str:
        """Return the name of a person on call: never a mention, which only Discord can read."""
        person = self.policy.team.get(handle)
        return self.who(handle if person is None or handle in self.called else person.name)

    def _at(self, place: str) -> str:
        if not self.is_by_part or place.startswith("@"):
            return Wording._at(self, place)  # noqa: SLF001  # the class that this one extends
        return _on_call(self, place)


def worded(words: Wording, facts: PostmortemFacts) -> DocumentWording:
    """Return *words* for the document of *facts*, which name people as the policy says."""
    own = {each.name: getattr(words, each.name) for each in fields(Wording)}
    if words.policy.of(PostmortemRules).names is Naming.NAMES:
        return DocumentWording(**own, called=_named(words, facts))
    parts = _parts(words, facts)
    holders = [(role, holder.name) for role, holder in facts.incident.roles.items()]
    roles = {name: words.say(f"roles.name.{role.value}") for role, name in reversed(holders)}
    beside_role = {name: parts.get(name, "") for name in roles}
    for called in facts.called:  # a handle is called what its person is called
        names = set(names_of(words, called, facts))
        if part := next((roles[name] for name in sorted(names) if name in roles), None):
            roles |= dict.fromkeys(names, part)
    return DocumentWording(**own, is_by_part=True, called=parts | roles, beside_role=beside_role)


def _named(words: Wording, facts: PostmortemFacts) -> dict[str, str]:
    """Return the name of each person who was called, by handle: that in Discord, the policy's, the place."""
    found: dict[str, str] = {}
    for called in facts.called:
        *_, name = (called.place, *names_of(words, called, facts))
        if called.handle is not None:
            is_known = id_of(name) is None
            found[called.handle] = inert(name, limit=_NAME) if is_known else _on_call(words, called.place)
    return found


def _parts(words: Wording, facts: PostmortemFacts) -> dict[str, str]:
    """Return the part of each person of the incident beside a role, by name and handle.

    A turn on call comes before everything else. Other people are numbered in the order in which they first
    act, those without a role first. Monitors keep their names.
    """
    incident = facts.incident
    known: dict[str, str] = {}
    if incident.tracked.monitor is not None:
        monitor = (incident.tracked.monitor, incident.reported_by.name)
        known |= {name: inert(name, limit=_NAME) for name in monitor}
    for called in facts.called:
        for name in names_of(words, called, facts):
            known.setdefault(name, _on_call(words, called.place))
    holders = [holder.name for holder in incident.roles.values()]
    others = dict.fromkeys([incident.reported_by.name, *(name for _, name in acting(facts.lines)), *holders])
    unknown = sorted((name for name in others if name not in known), key=lambda name: name in holders)
    for number, name in enumerate(unknown, start=1):
        known[name] = words.say("document.part.responder", number=number)
    if facts.postmortem is not None:  # whom the resolve form has chosen may have played no other part
        known.setdefault(facts.postmortem.owner_name, words.say("document.part.owner"))
    return known


def names_of(words: Wording, called: PostmortemCall, facts: PostmortemFacts) -> Iterator[str]:
    """Yield all that the person who was called is known by: handle, the policy's name, names in Discord."""
    if called.handle is None:
        return
    yield called.handle
    person = words.policy.team.get(called.handle)
    if person is not None:
        yield person.name
    known = (one.user_id for one in facts.called if one.handle == called.handle)  # a page outside has none
    user_id = next(filter(None, known), None) or (None if person is None else person.user_id)
    user_id = user_id or id_of(called.handle)
    if user_id is not None:
        yield from (name for number, name in acting(facts.lines) if number == user_id)


def _on_call(words: Wording, place: str) -> str:
    return words.say("document.part.on_call", place=inert(place, limit=_NAME))
