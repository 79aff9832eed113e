"""``[dlq]``: beside the names of the table, how much one file and one replay have of it, and the watch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from bot.capability import PolicyPart
from bot.domain.severity import Mention, SeverityPolicy
from bot.runbook.fields import values
from bot.runbook.fields.rules import CapabilityTable
from bot.runbook.sections import DlqTableSection, FollowsDlqTable

#: The bot's own limit: as many as a person looks through.
MOST_REPLAYS = 200


@dataclass(frozen=True, slots=True)
class DlqRules(FollowsDlqTable):
    """The rules for undelivered notifications.

    Attributes:
        export_at_most: How many entries one file has at most.
        replay_at_most: How many entries a filter may match to be replayed at once.
        replay_per_minute: The rate at which they are sent.
        watch: New failures of the highest severity are announced in its channel.
        watch_mention: Whom that announcement mentions.
    """

    export_at_most: int
    replay_at_most: int
    replay_per_minute: int
    watch: bool
    watch_mention: Mention


class DlqSection(DlqTableSection, CapabilityTable):
    """The whole of ``[dlq]``."""

    export_at_most: Annotated[int, values.whole(1, 100_000, "a number of entries")] = 10_000
    replay_at_most: Annotated[int, values.whole(1, MOST_REPLAYS, "a number of entries")] = 50
    replay_per_minute: Annotated[int, values.whole(1, 60, "a number of messages")] = 20
    watch: values.Bool = True
    watch_mention: values.MentionName = Mention.NONE

    def rules(self, _severities: Mapping[str, SeverityPolicy]) -> DlqRules:
        """Return the capability's own rules."""
        return DlqRules(
            export_at_most=self.export_at_most,
            replay_at_most=self.replay_at_most,
            replay_per_minute=self.replay_per_minute,
            watch=self.watch,
            watch_mention=self.watch_mention,
        )


POLICY = PolicyPart(table=DlqSection)
