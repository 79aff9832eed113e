"""The buttons under what asks for a re-evaluation."""

from bot.client import IncidentBot
from bot.ui.answers import Pressed, control
from bot.ui.interaction import Interaction, reply, services_of, voice_of, wait
from bot.ui.people import person_of
from bot.ui.screens.triage_card import TITLE_BUDGET, answered_before, show_card
from bot.ui.verbs import TriageVerb, template
from bot.ui.words.inert import inert


def register(bot: IncidentBot) -> None:
    bot.add_controls(press_promote, press_dismiss, press_again)


@control(template(TriageVerb.PROMOTE))
async def press_promote(interaction: Interaction, pressed: Pressed) -> None:
    """[🚨 発報する]: raise the incident after all."""
    await wait(interaction)
    by, voice = await person_of(interaction), voice_of(interaction)
    view = await services_of(interaction).reevaluations.promote(pressed.number, by=by)
    if view.incident is None or view.notice is not None:
        await reply(interaction, answered_before(voice, view))
        return
    label, severity = view.incident.label, view.incident.severity
    await reply(interaction, voice.say("consoles.triage.promoted", label=label, severity=severity))


@control(template(TriageVerb.DISMISS))
async def press_dismiss(interaction: Interaction, pressed: Pressed) -> None:
    """[🟢 問題なし]: end the triage without an alert."""
    await wait(interaction)
    by, voice = await person_of(interaction), voice_of(interaction)
    view = await services_of(interaction).reevaluations.dismiss(pressed.number, by=by)
    title = inert(view.triage.title, limit=TITLE_BUDGET)
    done = voice.say("consoles.triage.dismissed_by", title=title)
    await reply(interaction, done if view.notice is None else answered_before(voice, view))


@control(template(TriageVerb.AGAIN))
async def press_again(interaction: Interaction, pressed: Pressed) -> None:
    """[🔎 もう一度見る]: ask the questions from the start."""
    await wait(interaction)
    by = await person_of(interaction)
    view = await services_of(interaction).reevaluations.look_again(pressed.number, by=by)
    if view.notice is not None:
        await reply(interaction, answered_before(voice_of(interaction), view))
        return
    await show_card(interaction, view)
