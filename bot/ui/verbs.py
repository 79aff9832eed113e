"""What the buttons do that outlive a restart, and their custom ids.

A cog reads a custom id back by its `template`, in one function under ``@control`` for each verb.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from bot.domain.text import DIGEST_DIGITS

_NUMBER_DIGITS = 18
_SNOWFLAKE_DIGITS = 19


class IncidentVerb(StrEnum):
    """The action of a button on an incident."""

    ACK = "ack"
    FIRST = "first"  # 初動: the first-response sheet
    DETAILS = "details"  # 更新: the form of a status update, targets and symptoms included
    EDIT = "edit"  # the form of title and start
    NOTE = "note"
    PASTE = "paste"  # the form for the output of a command
    SEVERITY = "severity"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    VIEW = "view"  # what `/incident show` shows
    DECLINE = "decline"  # 今は対応できない
    WHY = "why"  # なぜ私に?
    HAND_BACK = "hand_back"  # 手を離す
    COMMAND = "command"  # take a role
    COMMUNICATE = "communicate"
    SCRIBE = "scribe"
    TIMELINE = "timeline"
    DECLARE = "declare"  # インシデントにする: of a tracked alert
    FALSE_ALARM = "false_alarm"
    RESOLUTION = "resolution"  # the form of how it was resolved


@dataclass(frozen=True, slots=True)
class OwnVerb:
    """The action of a capability's own button; its label is the text ``buttons.<value>``.

    Attributes:
        is_primary: It is coloured.
        is_danger: It is red.
        is_success: It is green.
        of: What its custom ids begin with: "inc" for a button on an incident, else a key of
            `Capability.numbers`.
    """

    value: str
    emoji: str
    is_primary: bool = False
    is_danger: bool = False
    is_success: bool = False
    of: str = "inc"


class TriageVerb(StrEnum):
    """The action of a button under a post of a triage."""

    SHOW = "show"  # the card, to join the triage
    CONTINUE = "continue"  # 続ける: an unfinished triage
    STOP = "stop"
    PROMOTE = "promote"  # this and the next two answer its re-evaluation
    DISMISS = "dismiss"
    AGAIN = "again"  # もう一度見る: the questions from the start


class BundleVerb(StrEnum):
    """The action of a control under a bundle."""

    ALL = "all"  # acknowledge everything that it lists; asks once
    YES = "yes"  # the answer to that
    PICK = "pick"  # the select that opens one


class AlertVerb(StrEnum):
    """The action of a button on a monitor's message that the bot cannot read; its number is the message's."""

    TRACK = "track"  # 障害: it is an alert
    RESOLVED = "resolved"  # 復旧
    CHATTER = "chatter"  # 関係なし
    ALWAYS = "always"  # the same answer for all messages that look like it
    IGNORE = "ignore"  # the message's sender
    HEED = "heed"  # undo IGNORE


#: A verb of any of them.
Verb: TypeAlias = IncidentVerb | OwnVerb | TriageVerb | BundleVerb | AlertVerb

_PREFIX: dict[type, str] = {
    IncidentVerb: "inc",
    TriageVerb: "tri",
    BundleVerb: "bun",
    AlertVerb: "alq",
}
#: Forms that show what is known.
FORMS = frozenset(
    {IncidentVerb.DETAILS, IncidentVerb.SEVERITY, IncidentVerb.RESOLVE, IncidentVerb.RESOLUTION}
)


def _prefix(verb: Verb) -> str:
    return verb.of if isinstance(verb, OwnVerb) else _PREFIX[type(verb)]


def custom_id(verb: Verb, number: int) -> str:
    """Return the id of the button that does *verb* to incident, triage, bundle or message *number*.

    An example: "inc:v1:ack:42".
    """
    return f"{_prefix(verb)}:v1:{verb.value}:{number}"


def template(verb: Verb) -> str:
    r"""Return the regular expression of `custom_id`, for ``@control``; its group ``number`` holds the digits.

    At most 18 digits, so that the number fits a bigint (19 for a message's id, which Discord keeps within
    one). If *verb* opens a form that shows what the post shows, the group ``digest`` holds the `form_digest`
    of it; None for a button of an older version.
    """
    digest = rf"(?::(?P<digest>[0-9a-f]{{{DIGEST_DIGITS}}}))?" if verb in FORMS else ""
    digits = _SNOWFLAKE_DIGITS if isinstance(verb, AlertVerb) else _NUMBER_DIGITS
    return rf"{_prefix(verb)}:v1:{verb.value}:(?P<number>\d{{1,{digits}}}){digest}"
