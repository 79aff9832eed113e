"""Messages: nonces, awkward text as it comes back, the bot's own reaction, and what a webhook posted."""

import asyncio
import secrets
import time
from typing import Final
from urllib.parse import quote

from bot.doctor.on_discord.api import JSON
from bot.doctor.on_discord.trial import MARK, MESSAGE_CONTENT, Run, Skipped, Trial, TrialResult

_EYES: Final = "👀"
_LONGEST: Final = 2_000

#: The sign in front marks them as tests; one case must be alone in its message.
_AWKWARD: Final = {
    "bidirectional controls": "🧪 a\u202eb\u2066c\u2069d\u200fe",
    "NUL": "🧪 a\0b",
    "line ends": "🧪 a\r\nb\rc",
    "a sign without width": "🧪 a\u200bb",
    "only a sign without width": "\u200b",
    "2,000 signs": "🧪" + "x" * (_LONGEST - 1),
    "2,001 signs": "🧪" + "x" * _LONGEST,
}


async def message(run: Run) -> TrialResult:
    """Post what stays until the end, and see it come as an event."""
    posted = await run.post()
    run.made["message"] = posted["id"]
    event = await run.gateway.event("MESSAGE_CREATE", lambda data: data["id"] == posted["id"])
    return TrialResult({"comes_as_event": True, "is_whole": event.data["content"] == MARK})


async def embed(run: Run) -> TrialResult:
    """Post an embed, as every alert has one."""
    posted = await run.post(embeds=[{"title": "🧪 doctor", "description": "テスト / a test"}])
    return TrialResult({"has_embed": len(posted["embeds"]) == 1})


async def nonce_twice(run: Run) -> TrialResult:
    """Post twice with one nonce: the bot's way to repeat a request whose answer was lost."""
    nonce = secrets.token_hex(8)
    first = await run.post(nonce=nonce, enforce_nonce=True)
    second = await run.post(nonce=nonce, enforce_nonce=True)
    return TrialResult({"is_same_message": first["id"] == second["id"]})


async def nonce_after_deletion(run: Run) -> TrialResult:
    """Use the nonce of a message that was deleted."""
    nonce = secrets.token_hex(8)
    first = await run.post(nonce=nonce, enforce_nonce=True)
    (await run.api.ask("DELETE", f"{run.place}/messages/{first['id']}")).good()
    body = {"content": MARK, "nonce": nonce, "enforce_nonce": True, "allowed_mentions": {"parse": []}}
    answer = await run.api.ask("POST", f"{run.place}/messages", json=body)
    _remove_later(run, answer.body if not answer.code else {})
    return TrialResult({"outcome": answer.outcome})


async def nonce_window(run: Run) -> TrialResult:
    """Find how long a nonce is remembered. Each moment has its own message: a look may prolong it."""
    if not run.options.nonce_window_s:
        raise Skipped("takes ten minutes: --nonce-window")
    began = time.monotonic()
    first = {at_s: await _with_nonce(run, secrets.token_hex(8)) for at_s in run.options.nonce_window_s}
    kept_s, over_s = None, None
    for at_s, (nonce, message_id) in first.items():
        await asyncio.sleep(max(0.0, began + at_s - time.monotonic()))
        _, again = await _with_nonce(run, nonce)
        kept_s = at_s if again == message_id else kept_s
        over_s = at_s if again != message_id and over_s is None else over_s
    return TrialResult({"kept_s": kept_s, "over_s": over_s})


async def _with_nonce(run: Run, nonce: str) -> tuple[str, str]:
    return nonce, (await run.post(nonce=nonce, enforce_nonce=True))["id"]


async def awkward_text(run: Run) -> TrialResult:
    """Post text that Discord changes or refuses, and read it back."""
    return TrialResult({name: await _back(run, text) for name, text in _AWKWARD.items()})


async def _back(run: Run, text: str) -> str:
    body = {"content": text, "allowed_mentions": {"parse": []}}
    answer = await run.api.ask("POST", f"{run.place}/messages", json=body)
    if answer.code:
        return answer.outcome
    posted = answer.good().body
    _remove_later(run, posted)
    content: str = (await run.api.get(f"{run.place}/messages/{posted['id']}"))["content"]
    return "as sent" if content == text else content


async def own_reaction(run: Run) -> TrialResult:
    """React as the bot does below its alerts, and find it by event and by reading."""
    message_id = run.id_of("message")
    where = f"{run.place}/messages/{message_id}/reactions/{quote(_EYES)}"
    added = await run.api.ask("PUT", f"{where}/@me")
    added.good()
    event = await run.gateway.event("MESSAGE_REACTION_ADD", lambda data: data["message_id"] == message_id)
    users = await run.api.get(where)
    return TrialResult(
        {
            "outcome": added.outcome,
            "event_names_it": event.data["emoji"]["name"] == _EYES,
            "event_has_member": "member" in event.data,
            "is_listed": event.data["user_id"] in [one["id"] for one in users],
        }
    )


async def webhook_text(run: Run) -> TrialResult:
    """Look whether a webhook's message is seen with its text, as the bot reads alerts."""
    messages = await run.api.get(f"{run.place}/messages", limit="100")
    own_id = (await run.api.get("/applications/@me"))["id"]
    by_webhooks = [
        one
        for one in messages
        if one.get("webhook_id")
        and one.get("application_id") != own_id
        and not one.get("interaction_metadata")
    ]
    if not by_webhooks:
        raise Skipped("no webhook has posted there lately")
    has_text = any(by_webhooks[0].get(part) for part in ("content", "embeds", "attachments", "components"))
    asks = bool(run.intents & MESSAGE_CONTENT)
    return TrialResult(
        {"is_seen_as_asked": has_text == asks}, {"has_text": has_text, "message_content": asks}
    )


def _remove_later(run: Run, posted: JSON) -> None:
    if "id" in posted:
        run.clean_up.later("DELETE", f"{run.place}/messages/{posted['id']}")


_POSTING: Final = "allow View Channel, Send Messages and Read Message History there"

TRIALS: Final = (
    Trial("message", message, _POSTING),
    Trial("embed", embed, "allow Embed Links there"),
    Trial("nonce twice", nonce_twice, f"{_POSTING}; if it differs, a repeat may post twice: report it"),
    Trial("nonce after deletion", nonce_after_deletion, "report it: the bot counts on 10008"),
    Trial("awkward text", awkward_text, "report it", is_detail=True),
    Trial("own reaction", own_reaction, "allow Add Reactions and Read Message History there"),
    Trial(
        "webhook's text",
        webhook_text,
        "set MESSAGE_CONTENT=true, and switch Message Content Intent on",
    ),
)

#: After all others: Discord may end the session at the gateway meanwhile.
LAST: Final = (Trial("nonce window", nonce_window, "report it", is_detail=True, deadline_s=1_000.0),)
