"""Alerts that monitors post: track them, answer their buttons, and `/alerts recent | rules`."""

from typing import Final

import discord
import structlog
from discord import app_commands
from discord.app_commands import Choice, locale_str
from discord.ext import commands
from structlog.contextvars import bind_contextvars, clear_contextvars

from bot.client import IncidentBot
from bot.domain.alerts.decisions import AlertOutcome, DecisionCursor, DecisionFilter
from bot.domain.alerts.questions import AlertAnswer, AlertQuestion
from bot.domain.errors import UnavailableError, UserError
from bot.i18n.translator import described
from bot.services.alerts.answers import LessonPage
from bot.ui.answers import Pressed, control
from bot.ui.buttons import AlertVerb, IncidentVerb, template
from bot.ui.choices import choices_of, offer_targets
from bot.ui.components import buttons_view, made_of
from bot.ui.discord_api.messages import Incoming
from bot.ui.interaction import Interaction, keep, person_of, redraw, reply, services_of, voice_of, wait
from bot.ui.screens.alerts import (
    FORGET,
    PAGE,
    RULES_PAGE,
    decisions_screen,
    outcome_name,
    removed_said,
    rules_screen,
)
from bot.ui.words.evidence import evidence_of
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording

log = structlog.get_logger(__name__)

_NAME_LIMIT: Final = 160
_LOOK_LIMIT: Final = 420


class AlertsCog(commands.Cog):
    """Listens to the watched channels."""

    def __init__(self, bot: IncidentBot) -> None:
        self.bot = bot
        self._incoming = {
            services.guild_id: Incoming(bot, Wording(bot.texts, services.policy)) for services in bot.served
        }

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Track a message if it is an alert. If its event is lost, it is read from the channel later."""
        services = self.bot.served.get(message.guild.id if message.guild else None)
        if services is None or not message.author.bot:
            return
        if message.author == self.bot.user and message.reference is not None:
            services.live_alerts.note_answer(message.reference.message_id or 0)
        guild_id = services.guild_id
        received = self._incoming[guild_id].live(message, guild_id=guild_id)
        if services.alerts.is_by_own_webhook(received):
            log.info("alert.own_webhook", channel_id=received.channel_id, message_id=received.id)
        if not services.alerts.watches(received):
            return
        self.bot.heard[message.id] = evidence_of(message)
        clear_contextvars()
        bind_contextvars(trigger="message", guild_id=guild_id, channel_id=message.channel.id)
        try:
            await services.live_alerts.receive(received)
        except UnavailableError as error:
            # Not lost: the message is in the channel, and the channel is read again.
            log.warning("alert.not_recorded", reason=str(error))

    @commands.Cog.listener()
    async def on_raw_message_edit(self, edit: discord.RawMessageUpdateEvent) -> None:
        """Forget an edited message. A link preview is not an edit: Discord adds it."""
        if edit.data.get("edited_timestamp") is not None:
            self.bot.heard.pop(edit.message_id, None)

    @commands.Cog.listener()
    async def on_raw_message_delete(self, deletion: discord.RawMessageDeleteEvent) -> None:
        """Forget a deleted message."""
        self.bot.heard.pop(deletion.message_id, None)

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, deletion: discord.RawBulkMessageDeleteEvent) -> None:
        """Forget deleted messages."""
        for message_id in deletion.message_ids:
            self.bot.heard.pop(message_id, None)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Catch up after a new session begins, as Discord sends no events for earlier messages."""
        self._catch_up()

    @commands.Cog.listener()
    async def on_resumed(self) -> None:
        """Catch up after a session resumes: Discord repeats missed events, but may have dropped some."""
        self._catch_up()

    def _catch_up(self) -> None:
        self.bot.heard.clear()
        self.bot.for_each_guild(
            lambda services: services.missed_alerts.catch_up(services.guild_id), name="missed alerts"
        )


@control(template(IncidentVerb.DECLARE))
async def press_declare(interaction: Interaction, pressed: Pressed) -> None:
    """[🚨 インシデントにする]: post it as an incident, with its thread."""
    await wait(interaction)
    by = await person_of(interaction)
    incident = await services_of(interaction).lifecycle.declare(pressed.number, by=by)
    await reply(interaction, voice_of(interaction).say("tracked.said.declared", label=incident.label))


@control(template(IncidentVerb.FALSE_ALARM))
async def press_false_alarm(interaction: Interaction, pressed: Pressed) -> None:
    """[⚪ 誤報]: close a tracked alert without a question, because it can be reopened.

    What has become an incident is not closed so.
    """
    await wait(interaction)
    by = await person_of(interaction)
    incident = await services_of(interaction).lifecycle.dismiss(pressed.number, by=by)
    await reply(interaction, voice_of(interaction).say("tracked.said.cancelled", label=incident.label))


@control(template(AlertVerb.TRACK))
async def press_track(interaction: Interaction, pressed: Pressed) -> None:
    """[🔴 障害]: make a tracked alert of the message; the line says so."""
    await wait(interaction)
    by, services = await person_of(interaction), services_of(interaction)
    incident = await services.questions.track(pressed.number, guild_id=services.guild_id, by=by)
    question = await services.alert_answers.question(pressed.number, guild_id=services.guild_id)
    line = voice_of(interaction).say("tracked.said.tracked", label=incident.label)
    await _offer_always(interaction, line, question)


@control(template(AlertVerb.RESOLVED))
async def press_resolved(interaction: Interaction, pressed: Pressed) -> None:
    """[🟢 復旧]: the message says that an alert is over."""
    await _dismiss(interaction, pressed, AlertAnswer.RESOLVED)


@control(template(AlertVerb.CHATTER))
async def press_chatter(interaction: Interaction, pressed: Pressed) -> None:
    """[⚪ 関係なし]: the message is no alert."""
    await _dismiss(interaction, pressed, AlertAnswer.CHATTER)


async def _dismiss(interaction: Interaction, pressed: Pressed, answer: AlertAnswer) -> None:
    await wait(interaction)
    by, services = await person_of(interaction), services_of(interaction)
    question = await services.alert_answers.dismiss(pressed.number, answer, guild_id=services.guild_id, by=by)
    line = voice_of(interaction).say(f"tracked.said.{answer}")
    await _offer_always(interaction, line, question, AlertVerb.IGNORE)


@control(template(AlertVerb.ALWAYS))
async def press_always(interaction: Interaction, pressed: Pressed) -> None:
    """[🔁 同じ形はいつも]: make the answer a lesson about all messages of the sender that look like it."""
    await wait(interaction)
    by, services = await person_of(interaction), services_of(interaction)
    lesson = await services.alert_answers.always(pressed.number, guild_id=services.guild_id, by=by)
    line = voice_of(interaction).say(
        f"tracked.said.taught.{lesson.says}",
        sender=inert(lesson.sender_name, limit=_NAME_LIMIT),
        look=inert(lesson.look, limit=_LOOK_LIMIT),
    )
    await reply(interaction, line)


async def _offer_always(
    interaction: Interaction, line: str, question: AlertQuestion, *others: AlertVerb
) -> None:
    """Answer with *line*, and offer to answer alike about all messages that look alike, and *others*."""
    voice, verbs = voice_of(interaction), list(others)
    if question.look:
        verbs.insert(0, AlertVerb.ALWAYS)
        sender = inert(question.evidence.author_name, limit=_NAME_LIMIT)
        alike = voice.say("tracked.said.alike", sender=sender, look=inert(question.look, limit=_LOOK_LIMIT))
        line = f"{line}\n{alike}"
    made = [made_of(voice.buttons.make(verb, question.message_id)) for verb in verbs]
    await (reply(interaction, line, view=buttons_view(*made)) if made else reply(interaction, line))


@control(template(AlertVerb.IGNORE))
async def press_ignore(interaction: Interaction, pressed: Pressed) -> None:
    """[🔇 この送信元は無視]: ignore the sender from now on; the line shows that, and how to undo it."""
    await wait(interaction)
    by, services = await person_of(interaction), services_of(interaction)
    question = await services.questions.ignore(pressed.number, guild_id=services.guild_id, by=by)
    await _say_sender(interaction, "tracked.said.ignored", question)


@control(template(AlertVerb.HEED))
async def press_heed(interaction: Interaction, pressed: Pressed) -> None:
    """[🔔 無視をやめる]: ask about the messages of this sender again."""
    await wait(interaction)
    by, services = await person_of(interaction), services_of(interaction)
    question = await services.questions.heed(pressed.number, guild_id=services.guild_id, by=by)
    await _say_sender(interaction, "tracked.said.heeded", question)


async def _say_sender(interaction: Interaction, key: str, question: AlertQuestion) -> None:
    sender = inert(question.evidence.author_name, limit=_NAME_LIMIT)
    channel = getattr(interaction.channel, "name", "?")
    await reply(interaction, voice_of(interaction).say(key, sender=sender, channel=channel))


_OUTCOMES: Final = frozenset(AlertOutcome)

Target = app_commands.Range[str, 1, 80]
Word = app_commands.Range[str, 1, 40]

alerts_group: Final = app_commands.Group(
    name="alerts",
    description=locale_str("See what became of the alerts of monitors", key="commands.alerts"),
    guild_only=True,
)


async def offer_outcomes(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the outcomes, in words."""
    voice = voice_of(interaction)
    return choices_of({outcome.value: outcome_name(voice, outcome) for outcome in AlertOutcome}, typed)


@alerts_group.command(
    name="recent",
    description=locale_str("Why alerts became incidents or did not", key="commands.alerts_recent"),
)
@described(
    target=locale_str("Only alerts on this target", key="commands.alerts_target"),
    outcome=locale_str("Only those with this outcome", key="commands.alerts_outcome"),
)
@app_commands.autocomplete(target=offer_targets, outcome=offer_outcomes)
async def recent(interaction: Interaction, target: Target | None = None, outcome: Word | None = None) -> None:
    """Show the latest decisions."""
    await wait(interaction)
    if outcome is not None and outcome not in _OUTCOMES:
        raise UserError("outcome_unknown", value=outcome)
    services, by = services_of(interaction), await person_of(interaction)
    wanted = DecisionFilter(target, None if outcome is None else AlertOutcome(outcome))
    page = await services.alert_history.page(services.guild_id, wanted, by=by)
    await reply(interaction, view=decisions_screen(voice_of(interaction), page))


@control(PAGE)
async def press_page(interaction: Interaction, pressed: Pressed) -> None:
    """[◀] [▶]: show the page that the button carries."""
    await keep(interaction)
    at = pressed.fields
    outcome = AlertOutcome(at["outcome"]) if at["outcome"] in _OUTCOMES else None
    cursor = DecisionCursor(int(at["said"]), int(at["nth"]), is_newer=at["way"] == "newer")
    services, by = services_of(interaction), await person_of(interaction)
    wanted = DecisionFilter(at["target"] or None, outcome)
    page = await services.alert_history.page(services.guild_id, wanted, cursor, by=by)
    await redraw(interaction, decisions_screen(voice_of(interaction), page))


@alerts_group.command(
    name="rules",
    description=locale_str("See the rules about alerts, and remove taught ones", key="commands.alerts_rules"),
)
async def rules(interaction: Interaction) -> None:
    """Show what people have taught, and the policy's rules."""
    await wait(interaction)
    await reply(interaction, view=rules_screen(voice_of(interaction), await _lessons(interaction, 0)))


@control(RULES_PAGE)
async def press_rules(interaction: Interaction, pressed: Pressed) -> None:
    """[◀] [▶]: show the page of lessons that the button carries."""
    await keep(interaction)
    page = await _lessons(interaction, pressed.number)
    await redraw(interaction, rules_screen(voice_of(interaction), page))


@control(FORGET)
async def choose_lesson(interaction: Interaction, pressed: Pressed) -> None:
    """Remove the chosen lesson, and say so."""
    await wait(interaction)
    services, by = services_of(interaction), await person_of(interaction)
    lesson = await services.alert_answers.forget(int(pressed.chosen), guild_id=services.guild_id, by=by)
    await reply(interaction, removed_said(voice_of(interaction), lesson))


async def _lessons(interaction: Interaction, offset: int) -> LessonPage:
    services, by = services_of(interaction), await person_of(interaction)
    return await services.alert_answers.lessons(services.guild_id, offset=offset, by=by)


async def setup(bot: IncidentBot) -> None:
    bot.tree.add_command(alerts_group)
    bot.add_controls(press_declare, press_false_alarm, press_track, press_resolved, press_chatter)
    bot.add_controls(press_always, press_ignore, press_heed)
    bot.add_controls(press_page, press_rules, choose_lesson)
    await bot.add_cog(AlertsCog(bot))
