"""The team's rules for announcements, as the policy file has them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from bot.domain.announcements.announcement import AnnouncementState
from bot.domain.announcements.lengths import length, length_on_x
from bot.domain.incident.incident import Role
from bot.domain.triage.tree import Text

#: What a target without a name for the public is called.
SOME_FEATURES: Final = Text("一部の機能", "some features")

#: What is wrong, under a severity of which the policy does not say.
_EFFECT: Final = Text("不具合", "problem")


@dataclass(frozen=True, slots=True)
class AnnouncementChannel:
    """A place where users read announcements.

    Attributes:
        limit: The length that it takes.
        counts_as_x: Its length is counted as X does; otherwise each character counts one.
    """

    name: Text
    limit: int
    counts_as_x: bool = False

    def length(self, words: str) -> int:
        """Return how much of the limit *words* take."""
        return length_on_x(words) if self.counts_as_x else length(words)


@dataclass(frozen=True, slots=True)
class AnnouncementRules:
    """The policy's `[announcements]`.

    Attributes:
        severities: Under which the bot asks whether users are affected; empty: under none.
        channels: By id, in the policy's order; at most two, as a form holds four texts.
        names: The names of targets for the public, by target.
        effects: What is wrong, by severity.
        texts: The drafts, with {start}, {targets} and {effect}.
        approvers: The roles whose holders approve.
        uses_webhook: Announcements are sent by the webhook, if one is configured.
        private: Private incidents may be announced.
        public: Names that may appear in an announcement although the policy uses them.
    """

    severities: tuple[str, ...] = ()
    channels: Mapping[str, AnnouncementChannel] = field(default_factory=lambda: MappingProxyType({}))
    names: Mapping[str, Text] = field(default_factory=lambda: MappingProxyType({}))
    effects: Mapping[str, Text] = field(default_factory=lambda: MappingProxyType({}))
    texts: Mapping[AnnouncementState, Text] = field(default_factory=lambda: MappingProxyType({}))
    approvers: tuple[Role, ...] = (Role.COMMUNICATOR, Role.COMMANDER)
    uses_webhook: bool = False
    private: bool = False
    public: tuple[str, ...] = ()

    def has(self, severity: str) -> bool:
        """Return True if the bot asks whether users are affected by incidents of *severity*."""
        return severity in self.severities

    def name(self, target: str) -> Text:
        """Return the name that users know *target* by; a general one if it has none."""
        return self.names.get(target, SOME_FEATURES)

    def effect(self, severity: str) -> Text:
        """Return what is wrong, in words for users."""
        return self.effects.get(severity, _EFFECT)
