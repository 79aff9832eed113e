"""The buttons of a triage: its questions, its end, whether it goes on, and a second look later."""

from typing import Final

from bot.client import IncidentBot
from bot.domain.errors import StorageUnavailable
from bot.domain.incident.incident import NewIncident
from bot.services.triage.joining import Offer
from bot.ui.answers import Pressed, control
from bot.ui.buttons import TriageVerb, template
from bot.ui.interaction import Interaction, keep, person_of, reply, services_of, voice_of, wait
from bot.ui.screens.outcome import JOIN, RISES, raise_anyway, recorded, show_sent
from bot.ui.screens.triage_card import TITLE_BUDGET, answered_before, show_card
from bot.ui.words.inert import inert


def register(bot: IncidentBot) -> None:
    bot.add_controls(
        press_answer,
        choose_answer,
        press_leave,
        choose_question,
        choose_severity,
        press_confirm,
        press_join,
        press_show,
        press_continue,
        press_stop,
        press_promote,
        press_dismiss,
        press_again,
    )


ANSWER: Final = (
    r"tri:v1:answer:(?P<number>\d{1,18}):(?P<question>[a-z0-9_]{1,24}):(?P<answer>[a-z0-9_]{1,24})"
)
#: The end says what the screen promised to open; screens of older versions have none.
CONFIRM: Final = r"tri:v1:confirm:(?P<number>\d{1,18})(?::(?P<shown>[A-Za-z0-9_-]{1,16}))?"


@control(ANSWER)
async def press_answer(interaction: Interaction, pressed: Pressed) -> None:
    """Record an answer of the decision tree, わからない included, and show what comes next."""
    await _answer(interaction, pressed, pressed.fields["answer"])


@control(r"tri:v1:choose:(?P<number>\d{1,18}):(?P<question>[a-z0-9_]{1,24})")
async def choose_answer(interaction: Interaction, pressed: Pressed) -> None:
    """Record the answer to a question with more than two answers, which has a select."""
    await _answer(interaction, pressed, pressed.chosen)


@control(r"tri:v1:(?P<way>back|cancel):(?P<number>\d{1,18})")
async def press_leave(interaction: Interaction, pressed: Pressed) -> None:
    """[戻る] [やめる]: withdraw the last answer, or stop without an incident."""
    await keep(interaction)
    triages = services_of(interaction).triages
    leave = triages.back if pressed.fields["way"] == "back" else triages.cancel
    view = await leave(pressed.number, by=await person_of(interaction))
    await show_card(interaction, view, is_new=False)


@control(r"tri:v1:revise:(?P<number>\d{1,18})")
async def choose_question(interaction: Interaction, pressed: Pressed) -> None:
    """[前の答えを変える]: go back to the question that was chosen."""
    await keep(interaction)
    triages, by = services_of(interaction).triages, await person_of(interaction)
    view = await triages.revise(pressed.number, question=pressed.chosen, by=by)
    await show_card(interaction, view, is_new=False)


@control(r"tri:v1:severity:(?P<number>\d{1,18})")
async def choose_severity(interaction: Interaction, pressed: Pressed) -> None:
    """[重大度を変える]: choose another severity than the tree's."""
    await keep(interaction)
    triages, by = services_of(interaction).triages, await person_of(interaction)
    view = await triages.choose_severity(pressed.number, severity=pressed.chosen, by=by)
    await show_card(interaction, view, is_new=False)


@control(CONFIRM)
async def press_confirm(interaction: Interaction, pressed: Pressed) -> None:
    """[🚨 発報する] [⏲️ 再評価に回す]: open the incident, or have the bot ask about it again later."""
    await keep(interaction)
    triages, by = services_of(interaction).triages, await person_of(interaction)
    try:
        view = await triages.confirm(pressed.number, by=by, shown=pressed.fields["shown"])
    except StorageUnavailable:
        if not await _raised_without_database(interaction, pressed.number, severity=pressed.fields["shown"]):
            raise
        return
    if view.incident is None or view.incident.is_private or view.triage.joined:  # the latter two: an old card
        await show_card(interaction, view, is_new=False)
    else:
        services_of(interaction).emergency.remember(view.triage)
        await show_sent(interaction, view.incident)


@control(JOIN)
async def press_join(interaction: Interaction, pressed: Pressed) -> None:
    """[これに合流]: give the report to the similar incident on the card, instead of raising it.

    Without the database nothing is done, and the card stays: [別件として発報する] works even then.
    """
    await keep(interaction)
    fields = pressed.fields
    offer = Offer(
        incident=int(str(fields["incident"])), severity=str(fields["shown"]), rises=fields["way"] == RISES
    )
    by = await person_of(interaction)
    view = await services_of(interaction).joining.join(pressed.number, offer, by=by)
    await show_card(interaction, view, is_new=False)


@control(template(TriageVerb.SHOW))
async def press_show(interaction: Interaction, pressed: Pressed) -> None:
    """[トリアージに参加]: show the current card of the triage to another person."""
    await wait(interaction)
    view = await services_of(interaction).triages.view(pressed.number, by=await person_of(interaction))
    await show_card(interaction, view)


async def _answer(interaction: Interaction, pressed: Pressed, answer: str) -> None:
    await keep(interaction)
    triages, by = services_of(interaction).triages, await person_of(interaction)
    question = pressed.fields["question"]
    view = await triages.answer(pressed.number, question=question, answer=answer, by=by)
    await show_card(interaction, view, is_new=False)


async def _raised_without_database(interaction: Interaction, number: int, *, severity: str | None) -> bool:
    """Raise what the card promises although nothing can be recorded; return whether that was done."""
    services = services_of(interaction)
    emergency = services.emergency
    triage = emergency.walk(number)
    known = severity in services.policy.severities
    if triage is None or severity is None or not known or not emergency.covers(severity):
        return False
    new = NewIncident(
        guild_id=triage.guild_id,
        severity=severity,
        title=triage.title,
        targets=triage.targets,
        symptoms=triage.symptoms,
        started_at=triage.started_at,
        reported_by=await person_of(interaction),
        path=triage.path_to(severity),
        key=triage.incident_key,  # confirmed once more, it is the same one
    )
    if incident := await recorded(new.key, incidents=services.incidents):
        await show_sent(interaction, incident)
        return True
    await raise_anyway(interaction, new)
    return True


@control(template(TriageVerb.CONTINUE))
async def press_continue(interaction: Interaction, pressed: Pressed) -> None:
    """[続ける]: continue the triage, and show its card."""
    await wait(interaction)
    view = await services_of(interaction).unfinished.go_on(pressed.number, by=await person_of(interaction))
    await show_card(interaction, view)


@control(template(TriageVerb.STOP))
async def press_stop(interaction: Interaction, pressed: Pressed) -> None:
    """[やめる]: cancel the triage, and show its card. A triage that has ended by then shows how it ended."""
    await wait(interaction)
    view = await services_of(interaction).triages.cancel(pressed.number, by=await person_of(interaction))
    await show_card(interaction, view)


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
