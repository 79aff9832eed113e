"""[📣 告知], and the screen behind it: what users are told of an incident."""

from bot.ui.answers import Pressed, control
from bot.ui.buttons import template
from bot.ui.forms.fields import Submitted, ask
from bot.ui.interaction import (
    Interaction,
    in_time,
    keep,
    person_of,
    redraw,
    reply,
    services_of,
    voice_of,
    wait,
)
from cogs.announcements.posts import ANNOUNCE
from cogs.announcements.rules import PublishedVia
from cogs.announcements.screens import (
    COPIED,
    EDIT,
    REDRAFT,
    SEND,
    announcement_form,
    announcement_screen,
    approval_screen,
    edition_of,
    texts_of,
)
from cogs.announcements.use_cases import AnnouncementUseCases


@control(template(ANNOUNCE))
async def press_announce(interaction: Interaction, pressed: Pressed) -> None:
    """[📣 告知]: show the announcement to work on, drafted if there is none."""
    await show_announcement(interaction, pressed.number)


@control(EDIT)
async def press_edit(interaction: Interaction, pressed: Pressed) -> None:
    """[✏️ 編集]: open the form with the words so far."""
    drafts, edition = _announcements(interaction).drafts, edition_of(pressed.fields)
    draft = await in_time(drafts.seen(edition, by=await person_of(interaction)))
    await ask(interaction, announcement_form(voice_of(interaction), draft))


async def send_texts(interaction: Interaction, form: Submitted) -> None:
    """Keep the words of the form, and show them in the place of those before."""
    await keep(interaction)
    drafts, by = _announcements(interaction).drafts, await person_of(interaction)
    texts = texts_of(form, services_of(interaction).policy)
    view = await drafts.edit(edition_of(form.fields), texts, by=by)
    await redraw(interaction, announcement_screen(voice_of(interaction), view))


@control(REDRAFT)
async def press_redraft(interaction: Interaction, pressed: Pressed) -> None:
    """[🔄 下書きを作り直す]: draft it for the state of the incident now."""
    await keep(interaction)
    drafts, by = _announcements(interaction).drafts, await person_of(interaction)
    view = await drafts.redraft(edition_of(pressed.fields), by=by)
    await redraw(interaction, announcement_screen(voice_of(interaction), view))


@control(SEND)
async def press_send(interaction: Interaction, pressed: Pressed) -> None:
    """[📣 承認して公開]: approve it; the queue sends it."""
    await _approve(interaction, pressed, PublishedVia.WEBHOOK)


@control(COPIED)
async def press_copied(interaction: Interaction, pressed: Pressed) -> None:
    """[📋 コピーして公開した]: record that the person has published it."""
    await _approve(interaction, pressed, PublishedVia.COPY)


async def _approve(interaction: Interaction, pressed: Pressed, via: PublishedVia) -> None:
    await keep(interaction)
    approvals, by = _announcements(interaction).approvals, await person_of(interaction)
    approval = await approvals.approve(edition_of(pressed.fields), via, by=by)
    await redraw(interaction, approval_screen(voice_of(interaction), approval))


async def show_announcement(interaction: Interaction, number: int) -> None:
    """Show the announcement of an incident to work on."""
    await wait(interaction)
    drafts, by = _announcements(interaction).drafts, await person_of(interaction)
    await reply(
        interaction, view=announcement_screen(voice_of(interaction), await drafts.open(number, by=by))
    )


def _announcements(interaction: Interaction) -> AnnouncementUseCases:
    return services_of(interaction).of(AnnouncementUseCases)
