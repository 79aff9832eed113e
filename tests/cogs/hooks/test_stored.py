"""The note on what cannot be read: how it is stored, and what it says."""

from bot.domain.payloads import Json
from cogs.hooks.rules import HookDeliveryKind, HookUnreadData
from cogs.hooks.use_cases import unread
from tests.unit.ui.samples import EN, JA, delivery


def test_a_stored_note_is_read_and_keeps_its_keys() -> None:
    """An older process reads what this one writes, and the other way round."""
    row: Json = {"label": "Sentry", "source": "sentry", "problem": "the body is empty"}
    read = HookUnreadData.from_json({**row, "hologram": 1})
    assert read == HookUnreadData(label="Sentry", source="sentry", problem="the body is empty")
    assert read.to_json() == row


def test_what_could_not_be_read_is_told_with_its_reason_and_what_to_do() -> None:
    """The note on a source that cannot be read names it, why, where they are listed and what to check."""
    data = HookUnreadData(label="My *cron*", source="my-cron", problem="the body is not JSON")
    note = delivery(HookDeliveryKind.HOOK_UNREAD, data=data.to_json())
    for words, says in ((EN, "cannot be read"), (JA, "読み取れず")):
        said = str(unread(words, note)["content"])
        for part in (says, r"My \*cron\*", "the body is not JSON", "`/alerts recent`", "`[hooks.my-cron]`"):
            assert part in said
