"""`/runbook`, and the select of topics: commands to copy, filled in for what is affected."""

from collections.abc import Iterable
from typing import Final

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.client import IncidentBot
from bot.domain.errors import UserError
from bot.domain.incident.incident import Incident
from bot.domain.sheets.sheet import Affected, fill
from bot.domain.text import cut
from bot.i18n.options import described
from bot.runbook.model import Policy
from bot.ui.answers import Pressed, control
from bot.ui.choices import NAME_LIMIT, OFFERED, named_choices, offer_targets
from bot.ui.components import Screen
from bot.ui.interaction import Interaction, reply, services_of, voice_of, wait
from bot.ui.named_incidents import here
from bot.ui.people import person_of
from bot.ui.screens.sheets.parts import OF_INCIDENT, OF_TARGET, target_digest
from bot.ui.screens.sheets.topic import topic_screen, topics_screen
from bot.ui.words.voice import Voice

Option = app_commands.Range[str, 1, 80]

#: The placeholder that the option ``env`` fills in.
_ENV: Final = "env"
_NONE: Final = "-"


def register(bot: IncidentBot) -> None:
    bot.tree.add_command(runbook)
    bot.add_controls(choose_topic_of_incident, choose_topic_of_target)


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
    fitting = [topic for topic, name in names.items() if _is_in(typed, (topic, name))]
    return [Choice(name=cut(names[topic], limit=NAME_LIMIT), value=topic) for topic in fitting[:OFFERED]]


@runbook.autocomplete("env")
async def _envs(interaction: Interaction, typed: str) -> list[Choice[str]]:
    return named_choices(services_of(interaction).policy.target_values.options(_ENV), typed)


def _is_in(typed: str, names: Iterable[str]) -> bool:
    return any(typed.casefold() in name.casefold() for name in names)


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
