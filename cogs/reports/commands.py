"""What answers a person who lacks the role to report, and the button that takes their report up."""

from functools import partial

from bot.capability import RefusedReport
from bot.services.triage.sources import AlreadyRaised
from bot.ui.answers import Pressed, control
from bot.ui.buttons import template
from bot.ui.forms.fields import TITLE, Submitted, ask
from bot.ui.interaction import (
    Interaction,
    follow,
    host_of,
    person_from,
    person_of,
    reply,
    services_of,
    voice_of,
    wait,
)
from bot.ui.screens.outcome import raised_card
from bot.ui.screens.triage_card import show_card
from cogs.reports.posts import TAKE_UP
from cogs.reports.rules import NewReport, ReportView
from cogs.reports.screens import DETAILS, report_form, reported_screen
from cogs.reports.use_cases import Reporting


async def take_report(interaction: Interaction, report: RefusedReport) -> bool:
    """Ask what happened, or record at once what was typed; return False if the policy allows no reports."""
    if not services_of(interaction).of(Reporting).is_allowed:
        return False
    if report.severity is not None:
        await _record(
            interaction,
            NewReport(
                guild_id=services_of(interaction).guild_id,
                key=f"interaction:{interaction.id}",
                by=person_from(interaction.user),
                title=report.title,
                severity=report.severity,
            ),
        )
        return True
    sources, source, evidence = services_of(interaction).triages.sources, report.source, report.evidence
    if source is not None and evidence is not None:
        sources.remember_message(source.channel_id, source.message_id, evidence)
    await ask(interaction, report_form(voice_of(interaction), report))
    if source is not None and evidence is not None:
        # After the form has opened, so that a slow database cannot delay it.
        keeping = sources.note_message(source.channel_id, source.message_id, evidence)
        host_of(interaction).spawn(keeping, name="a message kept")
    return True


async def send_report(interaction: Interaction, form: Submitted) -> None:
    """Record the report, and follow what becomes of it."""
    await wait(interaction)
    channel, message = form.fields.get("channel"), form.fields.get("message")
    evidence = None
    if channel is not None and message is not None:
        sources = services_of(interaction).triages.sources
        evidence = await sources.noted_message(int(channel), int(message))
    await _record(
        interaction,
        NewReport(
            guild_id=services_of(interaction).guild_id,
            key=f"interaction:{interaction.id}",
            by=person_from(interaction.user),
            title=form.text(TITLE),
            details=form.text(DETAILS),
            channel_id=None if channel is None else int(channel),
            message_id=None if message is None else int(message),
            evidence=evidence,
        ),
    )


@control(template(TAKE_UP))
async def press_take_up(interaction: Interaction, pressed: Pressed) -> None:
    """[取り上げる]: begin the triage of a report with its words, or show the one that goes on."""
    await wait(interaction)
    reporting = services_of(interaction).of(Reporting)
    try:
        view = await reporting.take_up(pressed.number, by=await person_of(interaction))
    except AlreadyRaised as raised:
        await reply(interaction, view=raised_card(voice_of(interaction), raised.incident, has_typed=False))
        return
    await show_card(interaction, view)


async def _record(interaction: Interaction, new: NewReport) -> None:
    reporting, voice = services_of(interaction).of(Reporting), voice_of(interaction)
    try:
        view = await reporting.report(new)
    except AlreadyRaised as raised:
        await reply(interaction, view=raised_card(voice, raised.incident))
        return
    await follow(
        interaction,
        view,
        read=partial(reporting.view, view.report.id),
        draw=partial(reported_screen, voice),
        has_ended=_has_ended,
    )


def _has_ended(view: ReportView) -> bool:
    return view.has_ended
