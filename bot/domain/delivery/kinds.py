"""The kinds of delivery, each with the record of what it means."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Self


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
        takes_ack: A 👀 on its message counts as an acknowledgement.
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
        is_for_outsider: Its reader need not be a person who may see a private incident, even if it is a DM.
        links_places: Its words may link channels and mention commands, whose ids are read when it is sent.
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
    is_for_outsider: bool = False
    links_places: bool = False

    @property
    def is_outside(self) -> bool:
        """Return True if the delivery does not go to Discord."""
        return self.action is Action.OUTSIDE

    @property
    def opens_thread(self) -> bool:
        """Return True if the delivery creates a thread."""
        return self.action in (Action.THREAD, Action.PRIVATE_THREAD)

    @property
    def is_in_thread(self) -> bool:
        """Return True if the delivery is one of the messages that a thread begins with."""
        return self.part is PostingPart.THREAD and not (self.opens_thread or self.is_root)

    @property
    def has_words(self) -> bool:
        """Return True if readers can learn something from it: a message, or the name of a public thread."""
        return self.action in (Action.MESSAGE, Action.THREAD)

    @property
    def rings(self) -> bool:
        """Return True if the delivery is a message that notifies people."""
        return self.goes_by_email and self.action is Action.MESSAGE


#: A message to people that nothing special applies to.
_ORDINARY: Final = DeliveryKindSpec()

#: A message of the ladder.
_OF_LADDER: Final = DeliveryKindSpec(
    is_urgent=True,
    is_paging=True,
    is_gathered=True,
    goes_by_email=True,
    takes_ack=True,
    is_dated=True,
    is_refreshed=True,
)


class AnyDeliveryKind(StrEnum):
    """The kind of a delivery, with the record of what it means. A capability's own are a subclass."""

    #: What every layer may ask of the kind.
    spec: DeliveryKindSpec

    def __new__(cls, name: str, spec: DeliveryKindSpec = _ORDINARY) -> Self:
        """Make the member called *name* in the database."""
        kind = str.__new__(cls, name)
        kind._value_ = name
        kind.spec = spec
        return kind


class DeliveryKind(AnyDeliveryKind):
    """The kinds of the core."""

    # -- an incident's posting: the alert and its thread
    #: The post in the severity's channel.
    ALERT = (
        "alert",
        DeliveryKindSpec(
            part=PostingPart.ALERT,
            is_root=True,
            is_urgent=True,
            goes_by_email=True,
            takes_ack=True,
            is_dated=True,
            is_refreshed=True,
            may_answer=True,
        ),
    )
    #: The bot's own 👀 under it, so that acking is one tap.
    SEED_ACK = "seed_ack", DeliveryKindSpec(action=Action.REACTION, part=PostingPart.ALERT)
    #: A quiet post to hang the thread on, when the alert is in another channel.
    THREAD_ROOT = (
        "thread_root",
        DeliveryKindSpec(part=PostingPart.THREAD, is_root=True, takes_ack=True, is_refreshed=True),
    )
    THREAD = "thread", DeliveryKindSpec(action=Action.THREAD, part=PostingPart.THREAD)
    #: The thread of a private incident: it hangs on no message, and its name tells nothing.
    PRIVATE_THREAD = (
        "private_thread",
        DeliveryKindSpec(
            action=Action.PRIVATE_THREAD, part=PostingPart.THREAD, is_urgent=True, goes_by_email=True
        ),
    )
    #: The first message: the start time, by itself.
    THREAD_START = (
        "thread_start",
        DeliveryKindSpec(part=PostingPart.THREAD, takes_ack=True, follows_details=True),
    )
    THREAD_CARD = "thread_card", DeliveryKindSpec(part=PostingPart.THREAD, is_refreshed=True)
    #: The commands to begin with, where the severity has some.
    THREAD_SHEET = "thread_sheet", DeliveryKindSpec(part=PostingPart.THREAD, follows_affected=True)
    #: The later copy of a message that was posted twice: it points to the alert.
    SECOND = "second", DeliveryKindSpec(takes_ack=True, is_refreshed=True)

    # -- who is in a private thread
    #: Add a person to it.
    MEMBER = "member", DeliveryKindSpec(action=Action.MEMBER)
    #: Remove a person from it.
    MEMBER_REMOVED = "member_removed", DeliveryKindSpec(action=Action.MEMBER_REMOVED)

    # -- paging
    #: A DM to the person on call.
    PAGE = "page", _OF_LADDER
    ESCALATION = "escalation", replace(_OF_LADDER, keeps_order=True)
    #: A page by a way beside Discord: to a person, or once for the incident.
    OUTSIDE_PAGE = "outside_page", DeliveryKindSpec(action=Action.OUTSIDE)
    #: One message in the place of many pages or escalations.
    BUNDLE = "bundle", DeliveryKindSpec(is_urgent=True, is_gathered=True, is_dated=True)

    # -- around an incident
    #: A DM to the person whose role another person has assigned or taken over.
    ROLE_DM = "role_dm", DeliveryKindSpec(takes_ack=True, is_dated=True, is_refreshed=True)
    #: A DM to a person who has the incident now, or is asked to take it, because another let go.
    OFFER = "offer", DeliveryKindSpec(takes_ack=True, is_dated=True, is_refreshed=True)
    #: One line in the incident's thread.
    NOTICE = "notice", DeliveryKindSpec(is_dated=True, keeps_order=True, waits_behind=frozenset({"notice"}))
    #: The output of a command that a person pasted, in the thread.
    OUTPUT = "output"
    #: The bot's ✅ under a message that is on the timeline now.
    PIN_SEEN = "pin_seen", DeliveryKindSpec(action=Action.REACTION, is_dispensable=True)

    # -- triage
    #: A quiet line where a triage was started.
    TRIAGE_LINE = "triage_line", DeliveryKindSpec(shows_triage=True, is_refreshed=True, is_dispensable=True)
    #: The line that says when a held triage will be asked about.
    REEVALUATION_HELD = "reevaluation_held", DeliveryKindSpec(shows_triage=True, is_refreshed=True)
    #: The question about a held triage, in its channel.
    REEVALUATION = "reevaluation", DeliveryKindSpec(shows_triage=True, is_refreshed=True)
    #: A DM that asks the person who left a triage whether they go on.
    UNFINISHED_DM = "unfinished_dm", DeliveryKindSpec(shows_triage=True, is_refreshed=True)
    #: The post in the team's channel that offers the triage to others.
    UNFINISHED = "unfinished", DeliveryKindSpec(shows_triage=True, is_refreshed=True)

    # -- other
    #: The question whether a message that no pattern matches is an alert.
    ALERT_QUESTION = "alert_question", DeliveryKindSpec(may_answer=True)
    #: The same question by DM to the person on call, where such a message is tracked unless somebody answers.
    ALERT_QUESTION_DM = "alert_question_dm", DeliveryKindSpec(is_dated=True)
    #: The note that older messages of a watched channel were not read.
    ALERTS_SKIPPED = "alerts_skipped"


#: Lists of kinds that queries take. Those of the first are of use until someone acknowledges.
PAGING: Final = frozenset(kind for kind in DeliveryKind if kind.spec.is_paging or kind.spec.is_outside)
ACK_KINDS: Final = frozenset(kind for kind in DeliveryKind if kind.spec.takes_ack)
