"""The words about the decision on a rollback."""

from collections.abc import Iterator

from bot.domain.suspects.rollback import Rollback, RollbackEntry
from bot.ui.words.inert import code_block, inert
from bot.ui.words.wording import Wording

_REASON_LIMIT = 620  # 300 characters as typed, escaped


def decision_key(*, rolls_back: bool) -> str:
    """Return the last part of the key of a text about a decision."""
    return "yes" if rolls_back else "no"


def decided(words: Wording, data: RollbackEntry, limit: int) -> Iterator[str]:
    """Yield whether to roll back, and the reason."""
    yield words.say(f"suspects.rollback.fact.{decision_key(rolls_back=data.rolls_back)}")
    yield inert(data.reason, limit=limit)


def rollback_line(words: Wording, last: Rollback) -> str:
    """Return the decision that counts: what, who, when, why."""
    return words.say(
        f"suspects.rollback.{decision_key(rolls_back=last.rolls_back)}",
        who=words.who(last.by_name),
        at=words.moment(last.at),
        reason=inert(last.reason, limit=_REASON_LIMIT),
    )


def rollback_commands(words: Wording, *, rolls_back: bool) -> list[str]:
    """Return who runs the commands of a rollback, and these as a block; nothing if there are none."""
    commands = words.policy.suspects.rollback
    return [words.say("suspects.rollback.run"), code_block(commands)] if rolls_back and commands else []
