"""`/incident update`, `severity`, `edit`, `merge`, `link` and `unlink`: what people change of an incident."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.incident.incident import Incident
from bot.i18n.translator import described
from bot.services.incidents.lifecycle import REASON_LIMIT
from bot.services.shared.access import Act
from bot.ui.answers import Pressed, control
from bot.ui.buttons import IncidentVerb, template
from bot.ui.choices import NUMBER_OPTION, Number, named, offer_incidents, offer_severities, severity_named
from bot.ui.forms.again import AGAIN
from bot.ui.forms.fields import Submitted, ask
from bot.ui.forms.incident import (
    EDIT_FORM,
    REASON,
    SEVERITY_FORM,
    chosen_severity,
    details_form,
    details_of,
    severity_form,
)
from bot.ui.forms.update import UPDATE_FORM, update_form, update_of
from bot.ui.interaction import (
    Interaction,
    host_of,
    in_time,
    person_from,
    person_of,
    reply,
    services_of,
    voice_of,
    wait,
)
from bot.ui.posts.incident.notices import details_said
from bot.ui.posts.incident.updates import told
from bot.ui.screens.incident_answers import ack_view, linked, merged_screen, moved, regraded_screen, unlinked
from cogs.incidents.group import (
    REASON_OPTION,
    incident_group,
    offer_duplicates,
    offer_linked,
    offer_linkers,
    offer_open,
    offer_others,
    offer_takers,
)


def register(bot: IncidentBot) -> None:
    bot.add_controls(press_update, press_severity, press_next_update, press_edit, press_again)
    bot.add_form(UPDATE_FORM, send_update)
    bot.add_form(SEVERITY_FORM, send_severity)
    bot.add_form(EDIT_FORM, send_details)


@incident_group.command(
    name="update", description=locale_str("Post a status update", key="commands.incident_update")
)
@described(number=NUMBER_OPTION)
@app_commands.autocomplete(number=offer_open)
async def update(interaction: Interaction, number: Number | None = None) -> None:
    """Open a form, with what is known filled in."""
    await _open_update(interaction, number)


@control(template(IncidentVerb.DETAILS))
async def press_update(interaction: Interaction, pressed: Pressed) -> None:
    """[✏️ 更新]: open the form, with what is known filled in."""
    await _open_update(interaction, pressed.number, digest=pressed.fields["digest"])


async def send_update(interaction: Interaction, form: Submitted) -> None:
    await wait(interaction)
    update = update_of(form, policy=services_of(interaction).policy, key=f"interaction:{interaction.id}")
    result = await services_of(interaction).updates.tell(form.number, update, by=await person_of(interaction))
    voice = voice_of(interaction)
    await reply(interaction, told(voice, result), view=ack_view(voice, result))


@control(AGAIN)
async def press_again(interaction: Interaction, pressed: Pressed) -> None:
    """[直して送る] below the refusal of any form: open it with everything that was typed and chosen."""
    forms = host_of(interaction).forms
    await ask(interaction, forms.again(pressed.fields["token"], by=interaction.user.id))


async def _open_update(interaction: Interaction, number: int | None, *, digest: str | None = None) -> None:
    incident = await in_time(_update_form_of(interaction, number, digest=digest))
    await ask(interaction, update_form(voice_of(interaction), incident))


async def _update_form_of(interaction: Interaction, number: int | None, *, digest: str | None) -> Incident:
    incident_id = number if number is not None else (await named(interaction, None)).id
    by = await person_of(interaction)
    lifecycle = services_of(interaction).lifecycle
    return await lifecycle.require_open(incident_id, by=by, act=Act.UPDATE, digest=digest)


Reason = app_commands.Range[str, 1, REASON_LIMIT]


@incident_group.command(
    name="severity", description=locale_str("Raise or lower the severity", key="commands.incident_severity")
)
@described(
    to=locale_str("The new severity", key="commands.incident_to"),
    reason=REASON_OPTION,
    number=NUMBER_OPTION,
)
@app_commands.autocomplete(to=offer_severities)
@app_commands.autocomplete(number=offer_open)
async def severity(interaction: Interaction, to: str, reason: Reason, number: Number | None = None) -> None:
    """Change the severity; the new one's rules apply from now on."""
    await wait(interaction)
    incident = await named(interaction, number)
    policy = services_of(interaction).policy
    await _change_severity(interaction, incident.id, to=severity_named(policy, to).name, reason=reason)


@control(template(IncidentVerb.SEVERITY))
async def press_severity(interaction: Interaction, pressed: Pressed) -> None:
    """[↕️ 重大度]: open a form with the policy's severities, the current one chosen, and the reason."""
    incident = await in_time(_severity_form_of(interaction, pressed.number, digest=pressed.fields["digest"]))
    await ask(interaction, severity_form(voice_of(interaction), incident))


@control(r"inc:v1:next-update:(?P<number>\d{1,18}):(?P<severity>.{1,80})")
async def press_next_update(interaction: Interaction, pressed: Pressed) -> None:
    """[次の更新を…にする]: move the promised update to the time that the new severity asks for."""
    await wait(interaction)
    by, promises = await person_of(interaction), services_of(interaction).promises
    severity, key = pressed.fields["severity"], f"interaction:{interaction.id}"
    incident = await promises.follow_severity(pressed.number, severity=severity, by=by, key=key)
    await reply(interaction, moved(voice_of(interaction), incident))


async def send_severity(interaction: Interaction, form: Submitted) -> None:
    await wait(interaction)
    was = form.fields["was"]
    await _change_severity(
        interaction, form.number, to=chosen_severity(form), reason=form.text(REASON), was=was
    )


async def _severity_form_of(interaction: Interaction, number: int, *, digest: str | None) -> Incident:
    by = await person_of(interaction)
    lifecycle = services_of(interaction).lifecycle
    return await lifecycle.require_open(number, by=by, act=Act.CHANGE_SEVERITY, digest=digest)


async def _change_severity(
    interaction: Interaction, number: int, *, to: str, reason: str, was: str | None = None
) -> None:
    by = await person_of(interaction)
    lifecycle = services_of(interaction).lifecycle
    result = await lifecycle.change_severity(number, to=to, by=by, reason=reason, was=was)
    await reply(interaction, view=regraded_screen(voice_of(interaction), result))


@incident_group.command(
    name="edit", description=locale_str("Correct the title or the start time", key="commands.incident_edit")
)
@described(number=NUMBER_OPTION)
@app_commands.autocomplete(number=offer_incidents)
async def edit(interaction: Interaction, number: Number | None = None) -> None:
    """Open a form with the current title and start time."""
    await open_details(interaction, number)


@control(template(IncidentVerb.EDIT))
async def press_edit(interaction: Interaction, pressed: Pressed) -> None:
    """[🏷️ 件名・開始時刻]: open the form with the current title and start time."""
    await open_details(interaction, pressed.number)


async def send_details(interaction: Interaction, form: Submitted) -> None:
    await wait(interaction)
    voice, by = voice_of(interaction), await person_of(interaction)
    new = details_of(voice, form, key=f"interaction:{interaction.id}")
    result = await services_of(interaction).details.correct(form.number, new, by=by)
    await reply(interaction, details_said(voice, result))


async def open_details(interaction: Interaction, number: int | None) -> None:
    """Open the form, as the first response."""
    incident = await in_time(_editable(interaction, number))
    await ask(interaction, details_form(voice_of(interaction), incident))


async def _editable(interaction: Interaction, number: int | None) -> Incident:
    incident_id = number if number is not None else (await named(interaction, None)).id
    by = await person_of(interaction)
    return await services_of(interaction).details.editable(incident_id, by=by)


@incident_group.command(
    name="merge",
    description=locale_str(
        "Merge into another incident: it is the same problem", key="commands.incident_merge"
    ),
)
@described(into=locale_str("The incident to merge into", key="commands.incident_into"), number=NUMBER_OPTION)
@app_commands.autocomplete(into=offer_takers, number=offer_duplicates)
async def merge(interaction: Interaction, into: Number, number: Number | None = None) -> None:
    """Close an incident as a duplicate of another."""
    await wait(interaction)
    by = person_from(interaction.user)
    incident = await named(interaction, number)
    merged = await services_of(interaction).merging.merge(incident.id, into=into, by=by)
    await reply(interaction, view=merged_screen(voice_of(interaction), merged))


@incident_group.command(
    name="link", description=locale_str("Link to a related incident", key="commands.incident_link")
)
@described(with_=locale_str("The other incident", key="commands.incident_with"), number=NUMBER_OPTION)
@app_commands.autocomplete(with_=offer_others, number=offer_linkers)
async def link(interaction: Interaction, with_: Number, number: Number | None = None) -> None:
    """Link two incidents; each shows the other in its thread and in its list."""
    await wait(interaction)
    by = person_from(interaction.user)
    incident = await named(interaction, number)
    is_new = await services_of(interaction).lifecycle.link(incident.id, with_=with_, by=by)
    answer = linked(voice_of(interaction), incident.id, other=with_, is_new=is_new)
    await reply(interaction, answer)


@incident_group.command(
    name="unlink",
    description=locale_str("Remove the link to another incident", key="commands.incident_unlink"),
)
@described(with_=locale_str("The other incident", key="commands.incident_with"), number=NUMBER_OPTION)
@app_commands.autocomplete(with_=offer_linked, number=offer_incidents)
async def unlink(interaction: Interaction, with_: Number, number: Number | None = None) -> None:
    """Undo `link`."""
    await wait(interaction)
    by = person_from(interaction.user)
    incident = await named(interaction, number)
    was_linked = await services_of(interaction).lifecycle.unlink(incident.id, with_=with_, by=by)
    answer = unlinked(voice_of(interaction), incident.id, other=with_, was_linked=was_linked)
    await reply(interaction, answer)
