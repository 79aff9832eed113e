"""Buttons and selects as Discord's raw components: what each does, its custom id, its sign and its colour.

A cog reads a custom id back by its `template`, in one function under ``@control`` for each verb.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TypeAlias

from bot.domain.incident.forms import form_digest
from bot.domain.incident.incident import Incident
from bot.domain.text import DIGEST_DIGITS, cut
from bot.i18n import Texts

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
    DECLINE = "decline"  # 対応できない
    WHY = "why"  # なぜ私に?
    HAND_BACK = "hand_back"  # 手を離す
    COMMAND = "command"  # take a role
    COMMUNICATE = "communicate"
    SCRIBE = "scribe"
    TIMELINE = "timeline"
    DECLARE = "declare"  # インシデントにする: of a tracked alert
    FALSE_ALARM = "false_alarm"
    RESOLUTION = "resolution"  # the form of how it was resolved
    OTHERS = "others"  # その他…: everything else that can be done with it


@dataclass(frozen=True, slots=True)
class OwnVerb:
    """The action of a capability's own button; its label is the text ``buttons.<value>``.

    Attributes:
        is_primary: It is coloured.
        is_success: It is green.
        of: What its custom ids begin with: "inc" for a button on an incident, else a key of
            `Capability.numbers`.
    """

    value: str
    emoji: str
    is_primary: bool = False
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


#: A component as JSON.
Component = dict[str, object]

_ACTION_ROW = 1
_BUTTON = 2
_SELECT = 3
OPTIONS_LIMIT = 25  # Discord: options of a select
OPTION_LIMIT = 100  # Discord: an option's label, value and description
PLACEHOLDER_LIMIT = 150  # Discord: a select's placeholder
BUTTON_LIMIT = 80  # Discord: a button's label
_ROW_LIMIT = 5  # Discord: buttons in a row
_CUSTOM_EMOJI = re.compile(r"<a?:(?P<name>\w{2,32}):(?P<id>\d{17,20})>", re.ASCII)


class ButtonStyle(IntEnum):
    """Discord's button styles."""

    PRIMARY = 1
    SECONDARY = 2
    SUCCESS = 3
    DANGER = 4
    LINK = 5


_LOOKS: dict[StrEnum, tuple[str, ButtonStyle]] = {
    IncidentVerb.ACK: ("👀", ButtonStyle.PRIMARY),
    IncidentVerb.FIRST: ("📋", ButtonStyle.SECONDARY),
    IncidentVerb.DETAILS: ("✏️", ButtonStyle.PRIMARY),
    IncidentVerb.EDIT: ("🏷️", ButtonStyle.SECONDARY),
    IncidentVerb.NOTE: ("📝", ButtonStyle.SECONDARY),
    IncidentVerb.PASTE: ("📥", ButtonStyle.SECONDARY),
    IncidentVerb.SEVERITY: ("↕️", ButtonStyle.SECONDARY),
    IncidentVerb.RESOLVE: ("✅", ButtonStyle.SUCCESS),
    IncidentVerb.REOPEN: ("🔄", ButtonStyle.SECONDARY),
    IncidentVerb.VIEW: ("🔎", ButtonStyle.SECONDARY),
    IncidentVerb.DECLINE: ("🙅", ButtonStyle.SECONDARY),
    IncidentVerb.WHY: ("❓", ButtonStyle.SECONDARY),
    IncidentVerb.HAND_BACK: ("🙌", ButtonStyle.SECONDARY),
    IncidentVerb.COMMAND: ("🧭", ButtonStyle.SECONDARY),
    IncidentVerb.COMMUNICATE: ("💬", ButtonStyle.SECONDARY),
    IncidentVerb.SCRIBE: ("✍️", ButtonStyle.SECONDARY),
    IncidentVerb.TIMELINE: ("🧾", ButtonStyle.SECONDARY),
    IncidentVerb.DECLARE: ("🚨", ButtonStyle.SECONDARY),
    IncidentVerb.FALSE_ALARM: ("⚪", ButtonStyle.SECONDARY),
    IncidentVerb.RESOLUTION: ("✏️", ButtonStyle.SECONDARY),
    IncidentVerb.OTHERS: ("", ButtonStyle.SECONDARY),
    AlertVerb.TRACK: ("🔴", ButtonStyle.PRIMARY),
    AlertVerb.RESOLVED: ("🟢", ButtonStyle.SECONDARY),
    AlertVerb.CHATTER: ("⚪", ButtonStyle.SECONDARY),
    AlertVerb.ALWAYS: ("🔁", ButtonStyle.PRIMARY),
    AlertVerb.IGNORE: ("🔇", ButtonStyle.SECONDARY),
    AlertVerb.HEED: ("🔔", ButtonStyle.SECONDARY),
    BundleVerb.ALL: ("👀", ButtonStyle.PRIMARY),
    TriageVerb.SHOW: ("🔎", ButtonStyle.SECONDARY),
    TriageVerb.CONTINUE: ("🔎", ButtonStyle.PRIMARY),
    TriageVerb.STOP: ("⚪", ButtonStyle.SECONDARY),
    TriageVerb.PROMOTE: ("🚨", ButtonStyle.DANGER),
    TriageVerb.DISMISS: ("🟢", ButtonStyle.SECONDARY),
    TriageVerb.AGAIN: ("🔎", ButtonStyle.SECONDARY),
}


_ACKS = frozenset({IncidentVerb.ACK, BundleVerb.ALL})


def emoji_of(text: str) -> Component:
    """Return the policy's emoji ("👀", or a custom one: "<:ack:123...>") as components have it."""
    if custom := _CUSTOM_EMOJI.fullmatch(text):
        return {"name": custom["name"], "id": custom["id"]}
    return {"name": text}


def reaction_of(text: str) -> str:
    """Return the policy's emoji as the routes of reactions have it: "👀", or "ack:123..."."""
    custom = _CUSTOM_EMOJI.fullmatch(text)
    return f"{custom['name']}:{custom['id']}" if custom else text


@dataclass(frozen=True, slots=True)
class Option:
    """A choice in a select; label and description are cut at 100 characters.

    Attributes:
        chosen: It is selected when the select appears.
    """

    value: str
    label: str
    description: str = ""
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Buttons:
    """Makes buttons in one language.

    Attributes:
        locale: Whose words: the team's language, or one person's locale.
        ack_emoji: The policy's, shown on the button that acknowledges.
    """

    texts: Texts
    locale: str
    ack_emoji: str = "👀"

    def make(self, verb: Verb, number: int, *, words: str | None = None) -> Component:
        """Return the button that does *verb* to incident, triage, bundle or message *number*.

        Its label is the text ``buttons.<verb>``, or ``buttons.<words>`` when *words* is given.
        """
        if isinstance(verb, OwnVerb):
            styles = {
                verb.is_primary: ButtonStyle.PRIMARY,
                verb.is_success: ButtonStyle.SUCCESS,
            }
            emoji, style = verb.emoji, styles.get(True, ButtonStyle.SECONDARY)
        else:
            emoji, style = _LOOKS[verb]
        label = self._label(words or verb.value)
        shown = self.ack_emoji if verb in _ACKS else emoji
        return button(label, custom_id(verb, number), style=style, emoji=shown)

    def grey(self, verb: Verb, number: int) -> Component:
        """Return a grey button, for a place where another one is to be pressed first."""
        return self.make(verb, number) | {"style": ButtonStyle.SECONDARY}

    def of(self, incident: Incident, *verbs: IncidentVerb) -> list[Component]:
        """Return the buttons that do *verbs* to *incident*, for a post that is edited whenever it changes.

        On another post, a form would open with values that are no longer true.
        """
        made = [self.make(verb, incident.id) for verb in verbs]
        for verb, component in zip(verbs, made, strict=True):
            if verb in FORMS:
                component["custom_id"] = f"{component['custom_id']}:{form_digest(incident)}"
        return made

    def link(self, words: str, url: str | None) -> Component | None:
        """Return a button with the text ``buttons.<words>`` that leads to *url*; None without one."""
        if url is None:
            return None
        return {"type": _BUTTON, "style": int(ButtonStyle.LINK), "label": self._label(words), "url": url}

    def select(
        self, verb: Verb, number: int, *, options: Sequence[Option], placeholder: str
    ) -> list[Component]:
        """Return the row with a select among 1 to 25 *options*; *verb* gets the choice."""
        return select_row(custom_id(verb, number), options=options, placeholder=placeholder)

    def _label(self, words: str) -> str:
        return cut(self.texts.say(self.locale, f"buttons.{words}"), limit=BUTTON_LIMIT)


def button(label: str, custom_id: str, *, style: ButtonStyle, emoji: str) -> Component:
    """Return a button.

    Args:
        label: Cut at Discord's 80 characters.
        emoji: As `emoji_of` takes it; empty for none.
    """
    made: Component = {
        "type": _BUTTON,
        "style": int(style),
        "label": cut(label, limit=BUTTON_LIMIT),
        "custom_id": custom_id,
    }
    return made | ({"emoji": emoji_of(emoji)} if emoji else {})


def select_row(
    custom_id: str,
    *,
    options: Sequence[Option],
    placeholder: str,
    least: int = 1,
    most: int | None = 1,
) -> list[Component]:
    """Return the row with one select; see `select`."""
    made = select(custom_id, options=options, placeholder=placeholder, least=least, most=most)
    return [{"type": _ACTION_ROW, "components": [made]}]


def select(
    custom_id: str,
    *,
    options: Sequence[Option],
    placeholder: str = "",
    least: int = 1,
    most: int | None = 1,
) -> Component:
    """Return a select among 1 to 25 *options*.

    Args:
        custom_id: At most 100 characters.
        least, most: How many may be chosen; None: all of them.
    """
    shown = [
        {"value": option.value, "label": cut(option.label, limit=OPTION_LIMIT)}
        | ({"description": cut(option.description, limit=OPTION_LIMIT)} if option.description else {})
        | ({"default": True} if option.chosen else {})
        for option in options
    ]
    made: Component = {
        "type": _SELECT,
        "custom_id": custom_id,
        "options": shown,
        "min_values": least,
        "max_values": len(options) if most is None else most,
    }
    return made | ({"placeholder": cut(placeholder, limit=PLACEHOLDER_LIMIT)} if placeholder else {})


def row(buttons: Sequence[Component | None]) -> list[Component]:
    """Return the components of a message with one row of *buttons*; without buttons, there is no row."""
    shown = [made for made in buttons if made is not None]
    if len(shown) > _ROW_LIMIT:
        raise ValueError(f"a row holds {_ROW_LIMIT} buttons, not {len(shown)}")
    return [{"type": _ACTION_ROW, "components": shown}] if shown else []
