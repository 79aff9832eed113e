"""Voices in both languages, and what Discord would say about a screen."""

import json
from collections.abc import Iterator
from typing import Any

import discord
from discord import ui

from bot.ui.components import COMPONENT_LIMIT, ID_LIMIT, TEXT_LIMIT
from bot.ui.forms.fields import Form
from bot.ui.words.wording import Voice
from tests.unit.ui.samples import POLICY, TEXTS

JA = Voice.of(TEXTS, POLICY, locale="ja")
EN = Voice.of(TEXTS, POLICY, locale="en-US")
VOICES = (JA, EN)

_TEXT, _BUTTON, _SELECT = 10, 2, 3


def pieces(screen: ui.LayoutView | ui.View) -> Iterator[dict[str, Any]]:
    """Every component of a screen, as it is sent."""
    waiting = list(screen.to_components())
    while waiting:
        piece = waiting.pop(0)
        yield piece
        waiting = [*piece.get("components", ()), *waiting]


def words(screen: ui.LayoutView | ui.View) -> str:
    """All texts of a screen."""
    return "\n".join(piece["content"] for piece in pieces(screen) if piece["type"] == _TEXT)


def presses(screen: ui.LayoutView | ui.View) -> list[str]:
    """The custom ids of a screen, in order."""
    return [piece["custom_id"] for piece in pieces(screen) if piece.get("custom_id")]


def labels(screen: ui.LayoutView | ui.View) -> list[str]:
    """The buttons' labels, in order."""
    return [piece["label"] for piece in pieces(screen) if piece["type"] == _BUTTON]


def over_limits(screen: ui.LayoutView | ui.View) -> list[str]:
    """What Discord would refuse. Source: Discord's docs, Components > Reference."""
    found = list(pieces(screen))
    faults = ["components"] if len(found) > COMPONENT_LIMIT else []
    texts = [piece["content"] for piece in found if piece["type"] == _TEXT]
    faults += ["text"] if sum(map(len, texts)) > TEXT_LIMIT else []
    faults += ["empty text" for text in texts if not text.strip()]
    faults += [f"id {name}" for name in presses(screen) if len(name) > ID_LIMIT]
    faults += ["ids twice"] if len(set(presses(screen))) < len(presses(screen)) else []
    faults += [f"label {label}" for label in labels(screen) if not 1 <= len(label) <= 80]
    for piece in found:
        if piece["type"] == _SELECT:
            faults += list(_select_faults(piece))
    json.dumps([piece for piece in found if piece["type"] != _TEXT])
    return faults


def modal_faults(form: Form) -> list[str]:
    """What Discord would refuse of a modal."""
    sent = form.to_dict()
    faults = ["title"] if not 1 <= len(sent["title"]) <= 45 else []
    faults += ["components"] if not 1 <= len(sent["components"]) <= 5 else []
    for label in sent["components"]:
        faults += ["label"] if not 1 <= len(label["label"]) <= 45 else []
        faults += ["description"] if len(label.get("description", "")) > 100 else []
        inner = label["component"]
        faults += ["placeholder"] if len(inner.get("placeholder") or "") > 100 else []
        faults += list(_select_faults(inner)) if inner["type"] == _SELECT else []
    return faults


def _select_faults(select: dict[str, Any]) -> Iterator[str]:
    if len(select.get("placeholder") or "") > 150:
        yield "placeholder"
    if not 1 <= len(select["options"]) <= 25:
        yield "options"
    for option in select["options"]:
        for part in ("label", "value", "description"):
            if part in option and not 1 <= len(option[part] or "x") <= 100:
                yield f"option {part}"


class FakeFollowup:
    """Where later answers go."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    async def send(self, **message: Any) -> None:
        self.sent.append(message)


class FakeResponse:
    """Where the first answer goes; `fails` raises instead."""

    def __init__(self, *, done: bool, fails: Exception | None) -> None:
        self.done = done
        self.fails = fails
        self.sent: list[dict[str, Any]] = []

    def is_done(self) -> bool:
        return self.done

    async def send_message(self, **message: Any) -> None:
        if self.fails is not None:
            raise self.fails
        self.sent.append(message)


class FakeInteraction:
    """As much of an interaction as a reply needs."""

    def __init__(
        self,
        *,
        locale: str = "ja",
        done: bool = False,
        guild_id: int | None = 7,
        fails: Exception | None = None,
        data: Any = None,
    ) -> None:
        self.id = 1
        self.guild_id = guild_id
        self.channel_id = 2
        self.user = discord.Object(3)
        self.locale = discord.Locale(locale)
        self.response = FakeResponse(done=done, fails=fails)
        self.followup = FakeFollowup()
        self.client: Any = None
        self.data: Any = data
        self.extras: dict[Any, Any] = {}

    @property
    def told(self) -> list[dict[str, Any]]:
        """Everything that the person was told."""
        return [*self.response.sent, *self.followup.sent]
