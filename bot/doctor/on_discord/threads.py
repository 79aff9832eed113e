"""Threads of a message: made once, renamed twice in ten minutes, and what is refused while they sleep."""

from typing import Final

from bot.doctor.on_discord.api import JSON, ApiAnswer
from bot.doctor.on_discord.trial import MARK, THREAD_NAME, Run, Trial, TrialResult

_EMOJI: Final = "🧪" * 100  # the longest name
_RENAMED: Final = 4  # Resources > Message > Message Types: CHANNEL_NAME_CHANGE


async def thread(run: Run) -> TrialResult:
    """Make a thread of the trial's own message."""
    answer = await _make(run)
    made = answer.good().body
    run.made["thread"] = made["id"]
    return TrialResult(
        {"outcome": answer.outcome, "has_the_message_s_id": made["id"] == run.id_of("message")}
    )


async def thread_again(run: Run) -> TrialResult:
    """Make it once more, as after an answer that was lost."""
    _of(run)
    return TrialResult({"outcome": (await _make(run)).outcome})


async def longest_name(run: Run) -> TrialResult:
    """Rename the trial's thread to a hundred emoji."""
    answer = await _change(run, name=_EMOJI)
    return TrialResult({"outcome": answer.outcome, "is_kept": answer.good().body["name"] == _EMOJI})


async def note_of_rename(run: Run) -> TrialResult:
    """Delete the message in which Discord notes a rename, since it holds the titles."""
    where = f"{_of(run)}/messages"
    notes = [one for one in await run.api.get(where, limit="50") if one["type"] == _RENAMED]
    if not notes:
        return TrialResult({"has_note": False, "outcome": ""})
    return TrialResult(
        {"has_note": True, "outcome": (await run.api.ask("DELETE", f"{where}/{notes[0]['id']}")).outcome}
    )


async def sleeping(run: Run) -> TrialResult:
    """Lock and archive the thread, try to edit a message in it, reopen the thread, and edit again."""
    where = _of(run)
    posted = await run.post(where)
    asleep = await _change(run, locked=True, archived=True)
    edit = f"{where}/messages/{posted['id']}"
    refused = await run.api.ask("PATCH", edit, json={"content": MARK})
    awake = await _change(run, locked=False, archived=False)
    edited = await run.api.ask("PATCH", edit, json={"content": MARK})
    steps = {"archive": asleep, "edit": refused, "wake": awake, "edit again": edited}
    return TrialResult({name: answer.outcome for name, answer in steps.items()})


async def third_rename(run: Run) -> TrialResult:
    """Rename it twice more; Discord takes two in ten minutes. It can be archived nevertheless."""
    second = await _change(run, name=THREAD_NAME)
    third = await _change(run, name=f"{THREAD_NAME} 3")
    archived = await _change(run, archived=True)
    body = third.body if isinstance(third.body, dict) else {}
    facts = {"second": second.outcome, "third": third.outcome, "archive": archived.outcome}
    return TrialResult(facts, {"retry_after_s": body.get("retry_after")})


async def _make(run: Run) -> ApiAnswer:
    message_id = run.id_of("message")
    run.clean_up.later("DELETE", f"/channels/{message_id}")  # it has the message's id
    body: JSON = {"name": THREAD_NAME, "auto_archive_duration": 60}
    return await run.api.ask("POST", f"{run.place}/messages/{message_id}/threads", json=body)


async def _change(run: Run, **fields: object) -> ApiAnswer:
    return await run.api.ask("PATCH", _of(run), json=fields, is_patient="name" not in fields)


def _of(run: Run) -> str:
    return f"/channels/{run.id_of('thread')}"


TRIALS: Final = (
    Trial("thread", thread, "allow Create Public Threads there"),
    Trial("thread again", thread_again, "report it: the bot counts on 160004"),
    Trial("longest thread name", longest_name, "allow Manage Threads there", is_detail=True),
    Trial("note of a rename", note_of_rename, "report it: titles stand in these notes", is_detail=True),
    Trial("sleeping thread", sleeping, "allow Manage Threads and Send Messages in Threads there"),
    Trial("third rename", third_rename, "report it", is_detail=True),
)
