"""The card's buttons, and [トリアージに参加] under the line that says who is triaging."""

from typing import Final

from bot.client import IncidentBot
from bot.domain.errors import StorageUnavailable
from bot.domain.incident.incident import NewIncident
from bot.services.triage.joining import Offer
from bot.ui.answers import Pressed, control
from bot.ui.interaction import Interaction, keep, services_of, wait
from bot.ui.people import person_of
from bot.ui.screens.emergency import raise_anyway, recorded
from bot.ui.screens.outcome import show_sent
from bot.ui.screens.similar_incident import JOIN, RISES
from bot.ui.screens.triage_card import show_card
from bot.ui.verbs import TriageVerb, template

ANSWER: Final = (
    r"tri:v1:answer:(?P<number>\d{1,18}):(?P<question>[a-z0-9_]{1,24}):(?P<answer>[a-z0-9_]{1,24})"
)
#: The end says what the screen promised to open; screens of older versions have none.
CONFIRM: Final = r"tri:v1:confirm:(?P<number>\d{1,18})(?::(?P<shown>[A-Za-z0-9_-]{1,16}))?"


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
    )


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
