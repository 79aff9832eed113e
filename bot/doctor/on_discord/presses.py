"""Trials that need a person to press: a button, a Components V2 screen, a form. Each answer is timed."""

import secrets
import time
from typing import Final

from bot.doctor.on_discord.api import JSON, Event
from bot.doctor.on_discord.trial import MARK, Run, Skipped, Trial, TrialResult

_ROW, _BUTTON, _TEXT_INPUT, _TEXT, _LABEL = 1, 2, 4, 10, 18
_MESSAGE, _MODAL = 4, 9
_EPHEMERAL, _V2 = 1 << 6, 1 << 15
_EPOCH_MS: Final = 1_420_070_400_000  # Discord's first moment
_LATE_MS: Final = 3_000


async def button(run: Run) -> TrialResult:
    """Post a button, and answer its press with a Components V2 screen."""
    if not run.options.presses:
        raise Skipped("needs somebody who presses: --press")
    pressed = f"doctor:{secrets.token_hex(6)}"
    await run.post(components=[_row(pressed, "押す / Press")])
    run.say("press the button of the last message in the channel")
    event = await _press(run, pressed)
    opens = f"doctor:{secrets.token_hex(6)}"
    screen = [{"type": _TEXT, "content": MARK}, _row(opens, "フォームを開く / Open the form")]
    seen = await _respond(run, event, _MESSAGE, {"flags": _EPHEMERAL | _V2, "components": screen})
    run.custom_id = opens
    return seen


async def screen(run: Run) -> TrialResult:
    """Answer a press on that screen with a form."""
    event = await _next(run, "press the button of the answer that only you see")
    custom_id = f"doctor:{secrets.token_hex(6)}"
    field = {"type": _TEXT_INPUT, "custom_id": "text", "style": 1, "required": True, "max_length": 100}
    form = {
        "custom_id": custom_id,
        "title": "🧪 doctor",
        "components": [{"type": _LABEL, "label": "何でも / Anything", "component": field}],
    }
    seen = await _respond(run, event, _MODAL, form)
    run.custom_id = custom_id
    is_v2 = bool(event.data["message"]["flags"] & _V2)
    return TrialResult({**seen.facts, "is_components_v2": is_v2}, seen.measured, seen.warning)


async def form(run: Run) -> TrialResult:
    """Take the submitted form, and answer with a message."""
    event = await _next(run, "write something into the form, and submit it")
    seen = await _respond(run, event, _MESSAGE, {"flags": _EPHEMERAL, "content": f"✅ {MARK}"})
    written = [one.get("component", {}).get("value") for one in event.data["data"]["components"]]
    return TrialResult({**seen.facts, "has_text": any(written)}, seen.measured, seen.warning)


async def _next(run: Run, what: str) -> Event:
    if run.custom_id is None:
        raise Skipped("nothing was pressed before")
    custom_id, run.custom_id = run.custom_id, None
    run.say(what)
    return await _press(run, custom_id)


async def _press(run: Run, custom_id: str) -> Event:
    return await run.gateway.event(
        "INTERACTION_CREATE",
        lambda data: data.get("data", {}).get("custom_id") == custom_id,
        within_s=run.options.press_s,
    )


async def _respond(run: Run, event: Event, kind: int, data: JSON) -> TrialResult:
    path = f"/interactions/{event.data['id']}/{event.data['token']}/callback"
    answer = await run.api.ask("POST", path, json={"type": kind, "data": data})
    answer.good()
    took_ms = round(1000 * (time.monotonic() - event.at_s))
    pressed_ms = (int(event.data["id"]) >> 22) + _EPOCH_MS
    since_ms = round(1000 * time.time()) - pressed_ms
    warning = (
        f"{since_ms} ms after the press; Discord gives up at {_LATE_MS}" if since_ms > _LATE_MS / 2 else ""
    )
    return TrialResult(
        {"outcome": answer.outcome}, {"response_ms": took_ms, "since_press_ms": since_ms}, warning
    )


def _row(custom_id: str, label: str) -> JSON:
    return {
        "type": _ROW,
        "components": [{"type": _BUTTON, "style": 1, "custom_id": custom_id, "label": label}],
    }


_TODO: Final = "be there and press; clear Interactions Endpoint URL on the application's page"

TRIALS: Final = (
    Trial("button", button, _TODO, deadline_s=120.0),
    Trial("Components V2 screen", screen, _TODO, deadline_s=120.0),
    Trial("form", form, _TODO, deadline_s=120.0),
)
