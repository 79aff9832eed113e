"""`/oncall away`: say that you are away, see who is, and take the shift of a person who is."""

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.domain.errors import UserError
from bot.domain.oncall.absences import TimeAway
from bot.domain.oncall.people import Who
from bot.i18n.translator import described
from bot.ui.answers import Pressed, control
from bot.ui.buttons import template
from bot.ui.interaction import Interaction, keep, person_of, redraw, reply, services_of, voice_of, wait
from cogs.absence.posts import PAGE, TAKE, WITHDRAW, absence_line, absences_screen, took_said
from cogs.absence.rules import parse_absence
from cogs.absence.use_cases import Away

Moment = app_commands.Range[str, 1, 60]
Reason = app_commands.Range[str, 1, 200]


@app_commands.command(
    name="away",
    description=locale_str("Say when you are away; without dates: see who is", key="commands.oncall_away"),
)
@app_commands.rename(to=locale_str("to", key="commands.oncall_away_until"))  # elsewhere "to" is no time
@described(
    from_=locale_str("First day, or a time: 12/28, 12/28 13:00", key="commands.oncall_away_from"),
    to=locale_str("Last day, or a time: 1/4, 1/4 10:00", key="commands.oncall_away_to"),
    user=locale_str("Another person", key="commands.oncall_away_user"),
    reason=locale_str("Why, in one line", key="commands.incident_reason"),
)
async def away(
    interaction: Interaction,
    from_: Moment | None = None,
    to: Moment | None = None,
    user: discord.User | None = None,
    reason: Reason = "",
) -> None:
    """Record that a person is away, or show who is."""
    await wait(interaction)
    own, by, voice = services_of(interaction).of(Away), await person_of(interaction), voice_of(interaction)
    if from_ is None and to is None:
        await reply(interaction, view=absences_screen(voice, await own.open_ones(by=by)))
        return
    if from_ is None or to is None:
        raise UserError("absence_half")
    if user is not None and user.bot:
        raise UserError("oncall_for_bot", who=user.display_name)
    starts, ends = parse_absence(from_, to, now=await own.now())
    who = Who(by.id, by.username, by.name) if user is None else Who(user.id, user.name, user.display_name)
    made = await own.add(TimeAway(who, starts, ends, reason), by=by)
    await reply(interaction, voice.say("absence.screen.added", line=absence_line(voice, made)))


@control(PAGE)
async def press_page(interaction: Interaction, pressed: Pressed) -> None:
    """[◀], [▶]: another page of the list."""
    await keep(interaction)
    own, voice = services_of(interaction).of(Away), voice_of(interaction)
    absences = await own.open_ones(by=await person_of(interaction))
    await redraw(interaction, absences_screen(voice, absences, page=pressed.number))


@control(WITHDRAW)
async def withdraw(interaction: Interaction, pressed: Pressed) -> None:
    """[取り消す予定を選ぶ]: withdraw an absence; the list is shown without it."""
    await keep(interaction)
    own, by, voice = services_of(interaction).of(Away), await person_of(interaction), voice_of(interaction)
    ended = await own.end(int(pressed.chosen), by=by)
    said = voice.say("absence.screen.ended", line=absence_line(voice, ended))
    left = await own.open_ones(by=by)
    await redraw(interaction, absences_screen(voice, left, page=pressed.number, said=said))


@control(template(TAKE))
async def press_take(interaction: Interaction, pressed: Pressed) -> None:
    """[引き受ける]: take the shift, as an override."""
    await wait(interaction)
    own, voice = services_of(interaction).of(Away), voice_of(interaction)
    shift, elsewhere = await own.take(pressed.number, by=await person_of(interaction))
    await reply(interaction, took_said(voice, shift, elsewhere))
