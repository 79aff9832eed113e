"""The record of what a kind of delivery means. The kinds themselves are in `bot.domain.delivery.delivery`."""

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What a request does in Discord."""

    MESSAGE = "message"
    THREAD = "thread"
    REACTION = "reaction"
    PRIVATE_THREAD = "private_thread"
    MEMBER = "member"
    MEMBER_REMOVED = "member_removed"
    WEBHOOK = "webhook"  # a message by a webhook that is not the bot's
    OUTSIDE = "outside"  # nothing: it goes to another system


class PostingPart(StrEnum):
    """The two parts of an incident's posting, each with a posting number of its own."""

    ALERT = "alert"
    THREAD = "thread"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryKindSpec:
    """The properties of one kind of delivery that are the same in every layer.

    How a delivery of the kind is loaded, checked and followed up is registered by its capability as a
    `bot.services.delivery.handling.DeliveryHandler`, how it looks in `bot.ui.posts.renderer`.

    Attributes:
        action: What sending it does in Discord.
        part: The part of an incident's posting that it belongs to, if any.
        is_root: Other deliveries hang on its message.
        is_urgent: People wait for it: if Discord does not take it soon, layers two and three do.
        is_dispensable: Its failure is not reported, because no one misses it.
        is_paging: It only makes sense until someone acknowledges.
        is_gathered: A storm combines it into one message, so that few messages are ahead of it in the queue.
        goes_by_email: It would have notified a person, so an email may go out in its place.
        takes_ack: A 👀 on its message counts as an acknowledge.
        is_dated: Its message reports a moment; a late message says that it is late.
        keeps_order: It waits while an outage holds back an earlier one for the same place, or the alert.
        waits_behind: The names of the kinds that come before it in its thread: it waits a moment for one of
            these that is on its way. If its own name is among them, for those that were stored earlier.
        is_refreshed: It is edited whenever its incident changes.
        follows_details: It is edited when the title or the start of its incident was corrected.
        follows_affected: It is edited when the severity, the targets or the symptoms of its incident changed.
        may_answer: It answers the message that its payload names, if it names one.
        is_replay: It sends a DLQ entry again, so its failure is no further failure of the severity.
        is_once: Discord does not merge two of its messages, so it is sent once; an attempt whose outcome is
            unknown ends it, unless its message is found.
        shows_triage: It reports the state of a triage, and shows the incident once there is one.
    """

    action: Action = Action.MESSAGE
    part: PostingPart | None = None
    is_root: bool = False
    is_urgent: bool = False
    is_dispensable: bool = False
    is_paging: bool = False
    is_gathered: bool = False
    goes_by_email: bool = False
    takes_ack: bool = False
    is_dated: bool = False
    keeps_order: bool = False
    waits_behind: frozenset[str] = frozenset()
    is_refreshed: bool = False
    follows_details: bool = False
    follows_affected: bool = False
    may_answer: bool = False
    is_replay: bool = False
    is_once: bool = False
    shows_triage: bool = False

    @property
    def is_outside(self) -> bool:
        """Return True if it does not go to Discord."""
        return self.action is Action.OUTSIDE

    @property
    def opens_thread(self) -> bool:
        """Return True if it creates a thread."""
        return self.action in (Action.THREAD, Action.PRIVATE_THREAD)

    @property
    def is_in_thread(self) -> bool:
        """Return True if it is one of the messages that a thread begins with."""
        return self.part is PostingPart.THREAD and not (self.opens_thread or self.is_root)

    @property
    def has_words(self) -> bool:
        """Return True if readers can learn something from it: a message, or the name of a public thread."""
        return self.action in (Action.MESSAGE, Action.THREAD)

    @property
    def rings(self) -> bool:
        """Return True if it is a message that notifies people."""
        return self.goes_by_email and self.action is Action.MESSAGE
