"""``[announcements]``: what users are told of an incident, and where."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from bot.capability import PolicyPart
from bot.domain.incident.incident import Role
from bot.domain.severity import SeverityPolicy
from bot.domain.triage.tree import Text
from bot.runbook.fields import values
from bot.runbook.fields.rules import AtMost, CapabilityTable, Problem, Section, some
from bot.runbook.model import Policy
from cogs.announcements.rules import PLACEHOLDERS, AnnouncementChannel, AnnouncementRules, AnnouncementState

#: A form holds five fields: two languages for each of two channels.
MOST_CHANNELS: Final = 2
#: Both languages of both channels are on one screen, which holds 4,000 characters.
_LONGEST: Final = 600
_MOST_NAMES: Final = 25

_Name = Annotated[Text, values.text_up_to(60)]
_Draft = Annotated[Text, values.text_up_to(500)]


class ChannelTable(Section):
    """``[announcements.channels.<id>]``."""

    name: values.Label
    limit: Annotated[int, values.whole(1, _LONGEST, "a length")] = 400
    counts_as_x: values.Bool = False

    def value(self) -> AnnouncementChannel:
        """Return the announcement channel that the table describes."""
        return self.into(AnnouncementChannel)


def _with_known_placeholders(texts: dict[AnnouncementState, Text]) -> dict[AnnouncementState, Text]:
    for state, words in texts.items():
        for name in re.findall(r"{([^}]*)}", f"{words.ja} {words.en}"):
            if name not in PLACEHOLDERS:
                allowed = ", ".join(f"{{{known}}}" for known in PLACEHOLDERS)
                raise Problem(f"{{{name}}} is not a placeholder; allowed: {allowed}", key=state.value)
    return texts


_Channels = Annotated[
    dict[values.Id, ChannelTable],
    AtMost(MOST_CHANNELS),
    some(f"names no channel; allowed: 1 to {MOST_CHANNELS}"),
]
_Texts = Annotated[
    dict[Annotated[AnnouncementState, values.choice(AnnouncementState, "a state")], _Draft],
    AfterValidator(_with_known_placeholders),
]
_Approvers = Annotated[
    tuple[Annotated[Role, values.choice(Role, "a role of an incident")], ...],
    some("names no role; allowed: at least one"),
]

#: The places that the runbook names: LP / X で暫定告知.
_DEFAULT_CHANNELS: Final = {
    "landing_page": AnnouncementChannel(Text("LP", "Landing page"), limit=400),
    "x": AnnouncementChannel(Text("X", "X"), limit=280, counts_as_x=True),
}


class AnnouncementsTable(CapabilityTable):
    """``[announcements]``; left out: for the two highest severities, on a landing page and X."""

    severities: tuple[values.OfSeverity, ...] | None = None
    approvers: _Approvers = (Role.COMMUNICATOR, Role.COMMANDER)
    webhook: values.Bool = False
    private: values.Bool = False
    public: Annotated[tuple[values.Target, ...], AtMost(_MOST_NAMES)] = ()
    channels: _Channels | None = None
    names: Annotated[dict[values.Target, _Name], AtMost(_MOST_NAMES)] = Field(default_factory=dict)
    effects: dict[values.OfSeverity, _Name] = Field(default_factory=dict)
    texts: _Texts = Field(default_factory=dict)

    def rules(self, severities: Mapping[str, SeverityPolicy]) -> AnnouncementRules:
        """Return the rules; by default they are for the two highest *severities*."""
        chosen = tuple(severities)[:2] if self.severities is None else self.severities
        channels = _DEFAULT_CHANNELS
        if self.channels is not None:
            channels = {name: table.value() for name, table in self.channels.items()}
        return AnnouncementRules(
            severities=chosen,
            channels=MappingProxyType(channels),
            names=MappingProxyType(self.names),
            effects=MappingProxyType(self.effects),
            texts=MappingProxyType(self.texts),
            approvers=self.approvers,
            uses_webhook=self.webhook,
            private=self.private,
            public=self.public,
        )


def problems(policy: Policy) -> Iterator[str]:
    """Check that an incident can have each target that has a name for the public."""
    for target in policy.of(AnnouncementRules).names:
        if target not in policy.targets:
            allowed = ", ".join(f'"{known}"' for known in policy.targets)
            problem = f'"{target}" is not a target; allowed: {allowed} (the names of [targets])'
            yield f"announcements.names: {problem}"


POLICY = PolicyPart(table=AnnouncementsTable, problems=problems)
