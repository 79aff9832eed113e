"""Turns any error into the one reply that a person sees: what was saved, why the rest was not, what to do."""

import io
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Final

import aiohttp
import discord
import structlog
from discord import app_commands

from bot.capability import installed, merged
from bot.domain.dlq import DlqMisfit
from bot.domain.errors import (
    DlqChanged,
    DlqUnavailable,
    NotPermitted,
    StorageUnavailable,
    Superseded,
    UnavailableError,
    UpstreamUnavailable,
    UserError,
)
from bot.domain.incident.forms import digest_of
from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.ui.components import button, buttons_view
from bot.ui.forms import incident, update
from bot.ui.forms.again import OpenedForms
from bot.ui.forms.fields import STARTED, TITLE, submitted, written
from bot.ui.forms.incident import EDIT_FORM, started_shown
from bot.ui.interaction import Interaction, reply
from bot.ui.posts.bodies import CONTENT_LIMIT
from bot.ui.words.inert import code_block, inert
from bot.ui.words.wording import Voice, channel_name, role_name

log = structlog.get_logger(__name__)

_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500

_FIELD_LIMIT = 200

#: Fields that hold a person's name.
_PEOPLE = frozenset({"by", "who"})


class ErrorReplies:
    """Turns whatever a handler raised into one ephemeral reply in the person's language."""

    def __init__(self, texts: Texts, forms: OpenedForms) -> None:
        self._texts = texts
        self._forms = forms

    async def answer(self, interaction: Interaction, error: Exception, *, policy: Policy) -> None:
        """Tell the person of *interaction*, and the log, about *error*; never raises for Discord's sake.

        Args:
            policy: The guild's, for its channels.
        """
        cause = unwrapped(error)
        if isinstance(cause, Superseded):  # the process that now has the shard answers
            log.info("interaction.superseded")
            return
        voice = Voice.of(self._texts, policy, locale=str(interaction.locale))
        text, file = _with_words(voice, self._logged(voice, cause), given_back(voice, interaction))
        try:
            await reply(interaction, text, view=self._again(voice, interaction, cause), file=file)
        except discord.HTTPException as malformed:  # no caller would catch it
            log.warning("interaction.answer_failed", http_status=malformed.status, code=malformed.code)

    def _again(self, voice: Voice, interaction: Interaction, cause: Exception) -> discord.ui.View | None:
        """Return the button that opens a refused form with everything that was typed and chosen."""
        custom_id, _ = written(interaction)
        sent = submitted(interaction, {})
        again = self._forms.refused(custom_id, sent, by=interaction.user.id, why=cause)
        if again is None:
            return None
        label = voice.say("consoles.triage.retry")
        return buttons_view(button(label, again, style=discord.ButtonStyle.primary))

    def _logged(self, voice: Voice, cause: Exception) -> str:
        """Log *cause*, and return what the person reads about it."""
        if isinstance(cause, UserError):
            log.info("interaction.refused", key=cause.key)
            return describe(voice, cause)
        if isinstance(cause, UnavailableError | TimeoutError):
            log.warning("interaction.unavailable", reason=str(cause) or type(cause).__name__)
            return unavailable(voice, cause)
        error_id = secrets.token_hex(4)
        log.error("interaction.failed", error_id=error_id, exc_info=cause)
        return voice.say("errors.unexpected", id=error_id)


def _with_words(voice: Voice, refusal: str, typed: list[tuple[str, str]]) -> tuple[str, discord.File | None]:
    """Add the text typed into a form to *refusal*, as Discord has closed it; a long text becomes a file."""
    if not typed:
        return refusal, None
    words = "\n".join(f"**{name}**\n{code_block(text)}" for name, text in typed)
    shown = voice.say("errors.your_words", refusal=refusal, text=words)
    if len(shown) <= CONTENT_LIMIT:
        return shown, None
    whole = "\n\n".join(f"{name}\n{text}" for name, text in typed)
    file = discord.File(io.BytesIO(whole.encode(errors="replace")), filename="words.txt")
    return voice.say("errors.your_words_in_file", refusal=refusal), file


def unwrapped(error: Exception) -> Exception:
    """Return the error inside discord.py's wrapper, as a `UserError` if the person can correct it."""
    if isinstance(error, app_commands.CommandInvokeError):
        return unwrapped(error.original)
    if _is_discord_away(error):
        return UpstreamUnavailable("Discord did not answer")
    if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        return UserError("command_outdated")
    if isinstance(error, app_commands.NoPrivateMessage):
        return UserError("guild_only")
    if isinstance(error, app_commands.TransformerError):
        return UserError("option_unreadable", value=str(error.value))
    return error


def _is_discord_away(error: Exception) -> bool:
    if isinstance(error, discord.HTTPException):
        return error.status == _TOO_MANY_REQUESTS or error.status >= _SERVER_ERROR
    return isinstance(error, aiohttp.ClientError | ConnectionError)


def describe(voice: Voice, error: UserError) -> str:
    """Return why the action cannot be done, and what to do instead."""
    if isinstance(error, NotPermitted):
        action = voice.say(f"errors.action.{error.fields['action']}")
        return voice.say("errors.not_permitted", action=action, **_roles(voice, error.fields["roles"]))
    fields = {name: _shown(voice, name, value) for name, value in error.fields.items()}
    return voice.say(f"errors.{error.key}", **fields, **_roles(voice, error.fields.get("roles")))


def _roles(voice: Voice, roles: object) -> dict[str, str]:
    """Return the field ``one_of_roles``: "the role @admin", "one of these roles: @on-call / @admin"."""
    if not isinstance(roles, tuple):
        return {}
    shown = _shown(voice, "roles", roles)
    return {
        "one_of_roles": voice.say("errors.role" if len(roles) == 1 else "errors.one_of_roles", roles=shown)
    }


def _shown(voice: Voice, name: str, value: object) -> str:
    """Say a field: moments in the team's time zone, people as everywhere, anything typed made safe."""
    if value is None:  # an act of a clock, or from before names were kept
        return voice.say("errors.somebody")
    if name in _PEOPLE:
        return voice.listed([voice.who(str(one)) for one in (value if isinstance(value, list) else [value])])
    if isinstance(value, datetime):
        return voice.dated(value)
    if isinstance(value, tuple):  # roles that would do
        return " / ".join(role_name(role) for role in value)
    if isinstance(value, list):  # what may be named instead
        return inert(voice.listed(value), limit=_FIELD_LIMIT)
    shown = voice.team(str(value)) if name == "team" else str(value)
    return inert(shown, limit=_FIELD_LIMIT)


def unavailable(voice: Voice, cause: Exception) -> str:
    """Say which part is away, and what to do meanwhile."""
    if isinstance(cause, DlqMisfit):
        report = cause.report
        columns = inert(voice.listed(report.concerned), limit=_FIELD_LIMIT)
        return voice.say(
            f"errors.dlq_misfit.{report.misfit}",
            table=inert(report.table, limit=_FIELD_LIMIT),
            columns=columns,
        )
    if isinstance(cause, DlqChanged):
        return voice.say("errors.dlq_changed")
    if isinstance(cause, DlqUnavailable):
        return voice.say("errors.dlq_unavailable")
    if isinstance(cause, StorageUnavailable):
        most_severe = voice.policy.most_severe
        return voice.say(
            "errors.storage_unavailable",
            priority=most_severe.priority,
            channel=channel_name(most_severe.channel),
        )
    return voice.say("errors.upstream_unavailable")


#: The forms whose custom id says what they showed; one of the triage starts with what was typed before.
_SAYING_WHAT_THEY_SHOWED: Final = (
    EDIT_FORM,
    update.CORRECT_FORM,
    update.UPDATE_FORM,
    incident.RESOLVE_FORM,
    incident.CORRECT_FORM,
)
#: Under which name, where that is not the input's own.
_SHOWN_AS: Final = {update.TEXT: "known"}

#: The name of each input of the core, as its form has it.
_NAMES: Final[Mapping[str, str]] = {
    TITLE: "consoles.form.title",
    STARTED: "consoles.form.started",
    incident.REASON: "consoles.form.reason",
    update.NOTE: "history.form.note",
    update.AT: "history.form.at",
    update.TEXT: "history.form.text",
    update.KNOWN: "updates.form.known",
    update.IMPACT: "updates.form.impact",
    incident.CAUSE: "resolution.form.cause",
    incident.FIX: "resolution.form.fix",
    incident.EXTENT: "resolution.form.extent",
}


@cache
def input_names() -> Mapping[str, str]:
    """Return the texts that name the inputs, the core's and the capabilities', by their custom ids."""
    return merged(_NAMES, (each for one in installed() for each in one.inputs.items()))


def given_back(voice: Voice, interaction: Interaction) -> list[tuple[str, str]]:
    """Name and text of each field that was filled in otherwise than it was shown; nothing of a press."""
    custom_id, typed = written(interaction)
    matches = (re.fullmatch(template, custom_id) for template in _SAYING_WHAT_THEY_SHOWED)
    shown = next((match.groupdict() for match in matches if match), {})
    is_update = update.TEXT in typed and update.IMPACT in typed
    names = input_names()
    if is_update:
        names = {**names, update.TEXT: names[update.KNOWN]}
    return [
        (voice.say(names[name]), text)
        for name, text in typed.items()
        if text and name in names and not _is_left(voice, name, text, shown)
    ]


def _is_left(voice: Voice, name: str, text: str, shown: Mapping[str, str]) -> bool:
    """Return whether the person left the field as it was shown."""
    if name == STARTED and "started" in shown:
        return text.split() == started_shown(voice, int(shown["started"])).split()
    return digest_of(text) == shown.get(_SHOWN_AS.get(name, name))
