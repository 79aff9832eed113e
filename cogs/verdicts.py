"""The buttons under a digest: is a noisy alert still needed?"""

from bot.client import IncidentBot
from bot.domain.alerts.verdict import Verdict
from bot.ui.answers import Pressed, control
from bot.ui.components import buttons_view, made_of
from bot.ui.interaction import Interaction, reply, services_of, voice_of, wait
from bot.ui.people import person_of
from bot.ui.posts.verdicts import verdict_buttons, verdict_question
from bot.ui.verbs import VerdictVerb, template


@control(template(VerdictVerb.ASK))
async def press_ask(interaction: Interaction, pressed: Pressed) -> None:
    """[① まだ必要？]: show the answers and what each does, or what was decided."""
    await wait(interaction)
    by, voice = await person_of(interaction), voice_of(interaction)
    alert, given = await services_of(interaction).alert_verdicts.look(pressed.number, by=by)
    buttons = buttons_view(*map(made_of, verdict_buttons(voice, alert, given)))
    await reply(interaction, verdict_question(voice, alert, given), view=buttons)


@control(template(VerdictVerb.KEEP))
async def press_keep(interaction: Interaction, pressed: Pressed) -> None:
    """[残す]: keep the alert, and ask no more about it for four weeks."""
    await _give(interaction, pressed, Verdict.KEEP)


@control(template(VerdictVerb.MUTE))
async def press_mute(interaction: Interaction, pressed: Pressed) -> None:
    """[1 週間ミュート]: pass the alert over for a week, and say so to the team."""
    await _give(interaction, pressed, Verdict.MUTE)


@control(template(VerdictVerb.DROP))
async def press_drop(interaction: Interaction, pressed: Pressed) -> None:
    """[ルールをやめる]: tell the team that the alert's rule should be removed."""
    await _give(interaction, pressed, Verdict.DROP)


@control(template(VerdictVerb.WITHDRAW))
async def press_withdraw(interaction: Interaction, pressed: Pressed) -> None:
    """[元に戻す]: withdraw the verdict."""
    await wait(interaction)
    by = await person_of(interaction)
    taken = await services_of(interaction).alert_verdicts.withdraw(pressed.number, by=by)
    key = "none" if taken is None else "withdrawn"
    await reply(interaction, voice_of(interaction).say(f"digest.said.{key}"))


async def _give(interaction: Interaction, pressed: Pressed, verdict: Verdict) -> None:
    await wait(interaction)
    by, voice = await person_of(interaction), voice_of(interaction)
    given = await services_of(interaction).alert_verdicts.give(pressed.number, verdict, by=by)
    await reply(interaction, voice.say(f"digest.said.{verdict}", until=voice.moment(given.holds_until)))


async def setup(bot: IncidentBot) -> None:
    bot.add_controls(press_ask, press_keep, press_mute, press_drop, press_withdraw)
