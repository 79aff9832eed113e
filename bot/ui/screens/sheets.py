"""Command sheets as screens: what is behind 📋, the topics of `/runbook`, and pasted output with its form."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from discord import ButtonStyle, SelectOption, ui

from bot.domain.incident.incident import Incident, number_label
from bot.domain.sheets import Affected, FilledCommand, FilledSheet, OutputData, OutputPreview, Sheet
from bot.domain.text import short_digest
from bot.domain.triage.tree import Text
from bot.runbook.tables import FirstResponse
from bot.services.sheets import OUTPUT_LIMIT, Kept, output_filename
from bot.ui.buttons import Component, IncidentVerb, Option
from bot.ui.components import GREY, Row, Screen, button, link, made_of, row, select_row, text, to_places
from bot.ui.forms.fields import Form, choice, label, text_input
from bot.ui.posts.bodies import colour_of
from bot.ui.posts.incident.alert import related, started
from bot.ui.posts.incident.thread import step_lines
from bot.ui.posts.incident.updates import sheet_lines
from bot.ui.posts.sheets import masked_words, output_text
from bot.ui.words.inert import inert, joined, plain
from bot.ui.words.wording import Voice, Wording, block, choices_lines

_SHEET_BUDGET: Final = 3_700  # of the 4,000 characters that all texts of a screen may have
_MOST_LINKS: Final = 12  # with the rest of the screen, 40 components
_FACTS_BUDGET: Final = 1_200
_LEAST_FACTS: Final = 200  # with less room than that, no facts are shown
_LIST_BUDGET: Final = 300

_BUDGET = 3_500  # of the 4,000 characters that all texts of a screen may have
_NOTE_LIMIT = 400
_TARGETS_LIMIT = 200

#: The select of topics. Of an incident, or of a target named by the digits of its digest ("-": none), and an
#: environment ("-": the target's).
OF_INCIDENT: Final = r"inc:v1:sheet:(?P<number>\d{1,18})"
OF_TARGET: Final = r"run:v1:sheet:(?P<target>[0-9a-f]{8}|-):(?P<env>[A-Za-z0-9._/-]{1,40})"

#: Discord takes 40 components in all; what else a screen has needs the rest.
MOST_BLOCKS: Final = 12
URL_LIMIT: Final = 512  # Discord: the address of a link button
_ROW_LIMIT: Final = 5
_OPTION_LIMIT: Final = 100  # Discord: an option's label and description
OUTPUT: Final = "output"
TOPIC: Final = "topic"

#: The button, with the topic that its form begins with; and the form.
PASTE: Final = r"inc:v1:paste:(?P<number>\d{1,18})(?::(?P<topic>[a-z0-9_]{1,24}))?"
PASTE_FORM: Final = r"inc:v1:paste-form:(?P<number>\d{1,18})"

#: The buttons below the preview, with the incident and the preview.
POST: Final = "inc:v1:paste-post"
DISCARD: Final = "inc:v1:paste-drop"


def first_response_screen(voice: Voice, incident: Incident) -> Screen:
    """Show what to do and what of it is done, commands to copy, links to open, and the incident's facts."""
    sheets = voice.policy.sheets_for(incident.severity, Affected(incident.targets, incident.symptoms))
    commands = [one for sheet in sheets for one in sheet.commands]
    # The policy has these beside its sheets; nothing fills them in.
    first = voice.policy.first_response.get(incident.severity, FirstResponse())
    commands += [FilledCommand(one.label, one.command) for one in first.commands_for(incident.targets)]
    steps = "\n".join(step_lines(voice, incident))
    title = voice.say("consoles.incident.first_response", severity=incident.severity, label=incident.label)
    to_copy = [block(voice, one) for one in commands if not _is_button(one)]
    shown, is_whole = blocks(to_copy, budget=_SHEET_BUDGET - len(steps) - len(title))
    links = [(one.label, one.command) for one in commands if _is_button(one)]
    notes = [*choices_lines(voice, [name for sheet in sheets for name in sheet.left])]
    notes += [] if is_whole else [voice.say("sheets.cut")]
    none = "" if steps or commands else voice.say("consoles.incident.no_first_response")
    body: list[ui.Item[ui.LayoutView]] = [text(title, steps or none), *shown]
    body += [text(*notes)] if notes else []
    used = sum(len(item.content) for item in body if isinstance(item, ui.TextDisplay))
    room = min(_SHEET_BUDGET - used, _FACTS_BUDGET)  # the commands come first
    if room >= _LEAST_FACTS:
        facts = joined(_facts(voice, incident), separator="\n", limit=room, more="\n…")
        body += [ui.Separator(), text(facts)]
    return Screen(
        *body,
        rows=[
            *link_rows(voice, links[:_MOST_LINKS]),
            topic_select(voice, incident_topics_id(incident.id)),
            row(
                *(
                    made_of(voice.buttons.make(verb, incident.id))
                    for verb in (IncidentVerb.PASTE, IncidentVerb.TIMELINE)
                ),
                *to_places(voice, incident),
            ),
        ],
        colour=colour_of(voice, incident),
    )


def _is_button(command: FilledCommand) -> bool:
    return command.is_link and len(command.command) <= URL_LIMIT


def _facts(voice: Voice, incident: Incident) -> Iterable[str]:
    known = {
        "targets": voice.targets(incident.targets, limit=_LIST_BUDGET),
        "symptoms": voice.symptoms(incident.symptoms, limit=_LIST_BUDGET),
        "path": voice.path(incident, limit=_LIST_BUDGET),
    }
    lines = [
        *(voice.say(f"consoles.incident.{name}", **{name: words}) for name, words in known.items() if words),
        *sheet_lines(voice, incident),
        related(voice, incident),
        started(voice, incident),
        voice.say("alert.reporter", who=voice.who(incident.reported_by.name)),
    ]
    return [line for line in lines if line]


def topic_screen(
    voice: Voice, filled: FilledSheet, affected: Affected, *, incident: Incident | None = None
) -> Screen:
    """Show the commands of one topic to copy, links to open, and the other topics.

    Args:
        incident: The one that it is for; with it, output can be pasted to its timeline.
    """
    commands, is_whole = blocks([block(voice, one) for one in filled.to_copy], budget=_BUDGET)
    below = [*choices_lines(voice, filled.left), "" if is_whole else voice.say("sheets.cut")]
    body: list[ui.Item[Any]] = [text(*_head(voice, filled, affected)), *commands]
    if any(below):
        body.append(text(*below))
    links = [(one.label, one.command) for one in filled.links]
    others = topic_select(voice, _topics_id(affected, incident), but=filled.sheet.topic)
    paste = None
    if incident is not None:
        custom_id = f"inc:v1:paste:{incident.id}:{filled.sheet.topic}"
        paste = button(voice.say("buttons.paste"), custom_id, emoji="📥")
    return Screen(
        *body,
        rows=[*link_rows(voice, links), others, row(paste)],
        colour=GREY if incident is None else colour_of(voice, incident),
    )


def topics_screen(voice: Voice, affected: Affected, *, incident: Incident | None = None) -> Screen:
    """Ask for a topic."""
    select = topic_select(voice, _topics_id(affected, incident), label="choose")
    if select is None:
        return Screen(text(voice.say("sheets.none")))
    shown = voice.targets(affected.targets, limit=_TARGETS_LIMIT)
    return Screen(text(voice.say("sheets.which"), shown), rows=[select])


def _head(voice: Voice, filled: FilledSheet, affected: Affected) -> list[str]:
    sheet = filled.sheet
    where = [voice.targets(affected.targets, limit=_TARGETS_LIMIT), *affected.given.values()]
    title = voice.say("sheets.title", title=voice.pick(sheet.title))
    about = " · ".join(part for part in where if part)
    note = "" if sheet.note is None else inert(voice.raw(sheet.note), limit=_NOTE_LIMIT)
    return [title + (f" · {about}" if about else ""), voice.say("sheets.note", note=note) if note else ""]


def _topics_id(affected: Affected, incident: Incident | None) -> str:
    if incident is not None:
        return incident_topics_id(incident.id)
    target = affected.targets[0] if affected.targets else None
    return target_topics_id(target, affected.given.get("env"))


def blocks(shown: Sequence[str], *, budget: int) -> tuple[list[ui.TextDisplay[Any]], bool]:
    """Return the blocks that fit into *budget* characters, each as a text of its own; and if all of them do.

    A command that does not fit is left out: half a command is none.
    """
    fitting: list[str] = []
    for each in shown:
        if len(each) > budget:
            break
        budget -= len(each)
        fitting.append(each)
    alone, together = fitting[: MOST_BLOCKS - 1], fitting[MOST_BLOCKS - 1 :]
    made = [text(each) for each in alone] + ([text(*together)] if together else [])
    return made, len(fitting) == len(shown)


def link_rows(words: Wording, links: Sequence[tuple[Text, str]]) -> Iterator[Row | None]:
    """Yield rows of at most five link buttons."""
    fitting = [(label, url) for label, url in links if len(url) <= URL_LIMIT]
    for first in range(0, len(fitting), _ROW_LIMIT):
        some = fitting[first : first + _ROW_LIMIT]
        yield row(*(link(words.raw(label), url) for label, url in some))


def topic_select(words: Wording, custom_id: str, *, but: str = "", label: str = "select") -> Row | None:
    """Return the select of the policy's topics without the one that is shown; None if there are no others.

    Args:
        label: The key of its placeholder: "select" below commands, "choose" where there are none yet.
    """
    options = [
        SelectOption(
            label=plain(words.raw(sheet.title), limit=_OPTION_LIMIT),
            description=plain(sheet.commands[0].command, limit=_OPTION_LIMIT) or None,
            value=topic,
        )
        for topic, sheet in words.policy.sheets.items()
        if topic != but
    ]
    return select_row(custom_id, words.say(f"sheets.{label}"), options)


def incident_topics_id(number: int) -> str:
    """Return the custom id of the select of topics for an incident."""
    return f"inc:v1:sheet:{number}"


def target_topics_id(target: str | None, env: str | None) -> str:
    """Return the custom id of the select of topics for a target and an environment."""
    return f"run:v1:sheet:{target_digest(target)}:{env or '-'}"


def target_digest(target: str | None) -> str:
    """Return how a custom id names *target*: names are longer than an id may be."""
    return "-" if target is None else short_digest(target)


def output_form(voice: Voice, number: int, *, topic: str = "") -> Form:
    """Build the form: the output, and which commands it is from."""
    text = text_input(OUTPUT, limit=OUTPUT_LIMIT, several_lines=True)
    return Form(
        voice.say("sheets.form.title", label=number_label(number)),
        f"inc:v1:paste-form:{number}",
        [
            label(voice.say("sheets.form.output"), text, hint=voice.say("sheets.form.output_hint")),
            _topics(voice, list(voice.policy.sheets.values()), chosen=topic),
        ],
    )


def _topics(voice: Voice, sheets: list[Sheet], *, chosen: str) -> Component | None:
    if not sheets:
        return None
    options = [Option(one.topic, voice.raw(one.title), chosen=one.topic == chosen) for one in sheets]
    select = choice(TOPIC, options, required=False, placeholder=voice.say("sheets.form.any"))
    return label(voice.say("sheets.form.topic"), select, hint=voice.say("sheets.form.topic_hint"))


def preview_screen(
    voice: Voice, incident: Incident, preview: OutputPreview, *, by: str, team: Wording
) -> Screen:
    """Show what will be posted, word for word; the whole of a long one is a file beside it.

    The button that posts nothing comes first.

    Args:
        team: The wording of posts.
    """
    data = OutputData(
        by=by, text=preview.shown, topic=preview.topic, counts=dict(preview.counts), lines=preview.lines
    )
    of_preview = f"{preview.incident_id}:{preview.id}"
    return Screen(
        text(
            voice.say("sheets.preview.title", label=incident.label),
            output_text(team, incident, data, has_file=preview.is_file),
            "" if preview.counts else voice.say("sheets.said.nothing_masked"),
            voice.say("sheets.preview.look"),
        ),
        *([ui.File(f"attachment://{output_filename(preview)}")] if preview.is_file else []),
        rows=[
            row(
                button(voice.say("sheets.preview.discard"), f"{DISCARD}:{of_preview}"),
                button(
                    voice.say("sheets.preview.post"),
                    f"{POST}:{of_preview}",
                    style=ButtonStyle.primary,
                    emoji="📥",
                ),
            )
        ],
    )


def kept_screen(voice: Voice, output: Kept) -> Screen:
    """Say where the output is, what was masked and ticked, and what to do about secrets that were seen."""
    lines = [voice.say("sheets.said.kept", label=output.incident.label)]
    if output.step is not None:
        number, step = output.step
        lines.append(voice.say("sheets.said.step", step=f"{number}. {voice.pick(step)}"))
    preview = output.preview
    if preview is not None and (masked := masked_words(voice, preview.counts)):
        lines += [masked, voice.say("sheets.said.still_there" if preview.url else "sheets.said.rotate")]
    return Screen(text(*lines))


def discarded_screen(voice: Voice) -> Screen:
    """Say that nothing was posted."""
    return Screen(text(voice.say("sheets.said.discarded")))
