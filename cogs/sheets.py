"""Command sheets: `/runbook`, the select of topics, [📥 出力を貼る], and "Add output to timeline"."""

from functools import partial
from io import BytesIO
from typing import Final

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.client import IncidentBot
from bot.domain.errors import UserError
from bot.domain.incident.incident import Incident
from bot.domain.sheets import Affected, OutputPreview, fill
from bot.domain.text import cut
from bot.i18n.translator import described
from bot.runbook.model import Policy
from bot.services.shared.access import Act
from bot.services.sheets import BIGGEST, Pasted, output_filename
from bot.ui.answers import Pressed, control
from bot.ui.choices import NAME_LIMIT, OFFERED, here, named_choices, offer_targets
from bot.ui.components import Screen
from bot.ui.forms.fields import Submitted, ask
from bot.ui.interaction import (
    Interaction,
    in_time,
    keep,
    person_from,
    person_of,
    redraw,
    reply,
    services_of,
    voice_of,
    wait,
)
from bot.ui.screens.sheets import (
    DISCARD,
    OF_INCIDENT,
    OF_TARGET,
    OUTPUT,
    PASTE,
    PASTE_FORM,
    POST,
    TOPIC,
    discarded_screen,
    kept_screen,
    output_form,
    preview_screen,
    target_digest,
    topic_screen,
    topics_screen,
)
from bot.ui.words.wording import Voice, Wording

Option = app_commands.Range[str, 1, 80]

#: The placeholder that the option ``env`` fills in.
_ENV: Final = "env"
_NONE: Final = "-"


@app_commands.command(
    name="runbook", description=locale_str("Commands to copy, filled in", key="commands.runbook")
)
@app_commands.guild_only()
@described(
    topic=locale_str("Which commands", key="commands.runbook_topic"),
    target=locale_str("For which target; in a thread, the incident's", key="commands.runbook_target"),
    env=locale_str("For which environment; the target's, if left out", key="commands.runbook_env"),
)
@app_commands.autocomplete(target=offer_targets)
async def runbook(
    interaction: Interaction,
    topic: Option | None = None,
    target: Option | None = None,
    env: Option | None = None,
) -> None:
    """Show the commands of one topic, or the list of topics."""
    await wait(interaction)
    policy, voice = services_of(interaction).policy, voice_of(interaction)
    incident = await here(interaction)
    affected = _affected(policy, incident, target=target, env=env)
    named = incident if target is None and env is None else None
    await reply(interaction, view=_screen(voice, topic, affected, named))


@control(OF_INCIDENT)
async def choose_topic_of_incident(interaction: Interaction, pressed: Pressed) -> None:
    """ほかのコマンド in an incident: show the chosen topic for what it affects."""
    await wait(interaction)
    incidents, by = services_of(interaction).incidents, await person_of(interaction)
    incident = await incidents.find(number=pressed.number, thread_id=None, by=by)
    affected = Affected(incident.targets, incident.symptoms)
    await reply(interaction, view=_screen(voice_of(interaction), pressed.chosen, affected, incident))


@control(OF_TARGET)
async def choose_topic_of_target(interaction: Interaction, pressed: Pressed) -> None:
    """ほかのコマンド below `/runbook`: show the chosen topic for the same target and environment."""
    await wait(interaction)
    policy = services_of(interaction).policy
    digest, env = pressed.fields["target"], pressed.fields["env"]
    target = next((one for one in policy.targets if target_digest(one) == digest), None)
    if target is None and digest != _NONE:
        raise UserError("control_outdated")
    affected = _affected(policy, None, target=target, env=None if env == _NONE else env)
    await reply(interaction, view=_screen(voice_of(interaction), pressed.chosen, affected, None))


@runbook.autocomplete("topic")
async def _topics(interaction: Interaction, typed: str) -> list[Choice[str]]:
    voice = voice_of(interaction)
    names = {topic: voice.raw(sheet.title) for topic, sheet in voice.policy.sheets.items()}
    wanted = typed.casefold()
    fitting = [
        topic for topic, name in names.items() if wanted in topic.casefold() or wanted in name.casefold()
    ]
    return [Choice(name=cut(names[topic], limit=NAME_LIMIT), value=topic) for topic in fitting[:OFFERED]]


@runbook.autocomplete("env")
async def _envs(interaction: Interaction, typed: str) -> list[Choice[str]]:
    return named_choices(services_of(interaction).policy.target_values.options(_ENV), typed)


def _affected(policy: Policy, incident: Incident | None, *, target: str | None, env: str | None) -> Affected:
    """Return what the commands are for: the named target, or else what the thread's incident affects.

    Raises:
        UserError: the policy knows no such target or environment; what is typed becomes no part of a command.
    """
    if target is not None and target not in policy.targets:
        raise UserError("sheet_target_unknown", value=target, known=list(policy.targets))
    known = policy.target_values.options(_ENV)
    if env is not None and env not in known:
        raise UserError("sheet_env_unknown", value=env, known=list(known))
    given = {} if env is None else {_ENV: env}
    if target is not None or incident is None:
        return Affected(() if target is None else (target,), given=given)
    return Affected(incident.targets, incident.symptoms, given)


def _screen(voice: Voice, topic: str | None, affected: Affected, incident: Incident | None) -> Screen:
    """Return the topic's screen, or that of the topics.

    Raises:
        UserError: no such topic.
    """
    if topic is None:
        return topics_screen(voice, affected, incident=incident)
    sheet = voice.policy.sheets.get(topic)
    if sheet is None:
        raise UserError("sheet_unknown", value=topic, known=list(voice.policy.sheets))
    filled = fill(sheet, voice.policy.target_values, affected)
    return topic_screen(voice, filled, affected, incident=incident)


#: The incident and the preview of a button below a preview.
_PREVIEW: Final = r"(?P<number>\d{1,18}):(?P<preview>\d{1,20})"

#: Ends of the names of files that hold text, where Discord does not say what they are.
_TEXT_FILES: Final = (
    ".txt",
    ".log",
    ".json",
    ".jsonl",
    ".csv",
    ".md",
    ".yaml",
    ".yml",
    ".toml",
    ".out",
    ".err",
)


@control(PASTE)
async def press_paste(interaction: Interaction, pressed: Pressed) -> None:
    """[📥 出力を貼る]: open the form, or refuse before the person pastes."""
    services, by = services_of(interaction), await in_time(person_of(interaction))
    if not services.access.allows_for_some(by, Act.PASTE_OUTPUT.permission):
        await wait(interaction)
        await services.access.require(
            by,
            Act.PASTE_OUTPUT.permission,
            guild_id=services.guild_id,
            act=Act.PASTE_OUTPUT,
            incident_id=pressed.number,
        )
    form = output_form(voice_of(interaction), pressed.number, topic=pressed.fields["topic"] or "")
    await ask(interaction, form)


async def send_output(interaction: Interaction, form: Submitted) -> None:
    """Show the output of the form as it will be posted, without its secrets."""
    await wait(interaction)
    pasted = Pasted(form.text(OUTPUT), topic=form.text(TOPIC))
    await _preview(interaction, form.number, pasted, key=f"interaction:{interaction.id}")


@app_commands.context_menu(name=locale_str("Add output to timeline", key="commands.add_output"))
@app_commands.guild_only()
async def add_output(interaction: Interaction, message: discord.Message) -> None:
    """Show the text file of a message, or its words, as it will be posted: only now the bot reads them."""
    await wait(interaction)
    by, pasting = person_from(interaction.user), services_of(interaction).pasting
    incident = await pasting.allowed_in_thread(message.channel.id, by=by)
    pasted = Pasted(await _output_of(message), url=message.jump_url)
    await _preview(interaction, incident.id, pasted, key=f"output:{message.id}")


async def _preview(interaction: Interaction, number: int, pasted: Pasted, *, key: str) -> None:
    services, by = services_of(interaction), await person_of(interaction)
    preview = await services.pasting.preview(number, pasted, by=by, preview_id=interaction.id, key=key)
    incident = await services.incidents.find(number=number, thread_id=None, by=by)
    voice = voice_of(interaction)
    team = Wording(voice.texts, services.policy)
    screen = preview_screen(voice, incident, preview, by=by.name, team=team)
    await redraw(interaction, screen, files=partial(_files, preview))


def _files(preview: OutputPreview) -> list[discord.File]:
    content = BytesIO(preview.text.encode())
    return [discord.File(content, filename=output_filename(preview))] if preview.is_file else []


@control(rf"{POST}:{_PREVIEW}")
async def press_post(interaction: Interaction, pressed: Pressed) -> None:
    """[📥 投稿する], below the preview: post exactly what it shows."""
    await keep(interaction)
    by, preview_id = await person_of(interaction), int(pressed.fields["preview"])
    posted = await services_of(interaction).pasting.post(pressed.number, preview_id, by=by)
    await redraw(interaction, kept_screen(voice_of(interaction), posted), files=list)


@control(rf"{DISCARD}:{_PREVIEW}")
async def press_discard(interaction: Interaction, pressed: Pressed) -> None:
    """[やめる], below the preview: forget it."""
    await keep(interaction)
    by, preview_id = await person_of(interaction), int(pressed.fields["preview"])
    await services_of(interaction).pasting.discard(pressed.number, preview_id, by=by)
    await redraw(interaction, discarded_screen(voice_of(interaction)), files=list)


async def _output_of(message: discord.Message) -> str:
    """Return the text of the first file of a message, or else its own.

    Raises:
        UserError: the file is too big, or no text.
    """
    if not message.attachments:
        return message.content
    file = message.attachments[0]
    if file.size > BIGGEST:  # as Discord says: it is not fetched at all
        raise UserError("output_too_big", most=BIGGEST // 1_000)
    is_text = (file.content_type or "").startswith(("text/", "application/json"))
    if not is_text and not file.filename.lower().endswith(_TEXT_FILES):
        raise UserError("output_not_text")
    content = (await file.read())[:BIGGEST]
    if b"\0" in content:
        raise UserError("output_not_text")
    return content.decode("utf-8-sig", errors="replace")


async def setup(bot: IncidentBot) -> None:
    bot.tree.add_command(runbook)
    bot.tree.add_command(add_output)
    bot.add_controls(choose_topic_of_incident, choose_topic_of_target, press_paste, press_post, press_discard)
    bot.add_form(PASTE_FORM, send_output)
