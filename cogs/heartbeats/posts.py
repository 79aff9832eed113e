"""The words of heartbeats: the titles of their alerts, and their states."""

from typing import Final

from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.ui.words.inert import code_block, inert, plain
from bot.ui.words.wording import Wording
from cogs.heartbeats.rules import (
    HeartbeatEvent,
    HeartbeatRules,
    HeartbeatShown,
    HeartbeatState,
    JobRun,
    WaitingEvent,
)

#: Colour never alone: the line says the state in words.
SIGNS: Final = {
    HeartbeatState.NEW: "⏳",
    HeartbeatState.UP: "✅",
    HeartbeatState.LATE: "⛔",
    HeartbeatState.FAILED: "⛔",
    HeartbeatState.OVERRUN: "⚠️",
    HeartbeatState.UNFINISHED: "⛔",
}
_NAME_LIMIT: Final = 80
_LIMIT: Final = 1_900  # Discord: 2,000 characters

#: Of one heartbeat: runs, and characters at the end of what a job has said.
_RUNS: Final = 5
_OUTPUT: Final = 1_000


class HeartbeatTitles:
    """The titles of the alerts of heartbeats, in the team's language."""

    def __init__(self, texts: Texts, policy: Policy) -> None:
        self._words = Wording(texts, policy)

    def of(self, rules: HeartbeatRules, waiting: WaitingEvent) -> str:
        """Return "nightly-batch has not reported (every 1 d)"."""
        has_status = waiting.event is HeartbeatEvent.FAILED and waiting.exit_status is not None
        return self._words.say(
            f"heartbeats.title.{'failed_with' if has_status else waiting.event}",
            name=plain(rules.name, limit=_NAME_LIMIT),
            schedule=_schedule(self._words, rules),
            limit="" if rules.limit is None else self._words.span(rules.limit),
            status=waiting.exit_status,
        )


def listing(words: Wording, shown: list[HeartbeatShown]) -> str:
    """Return the message of `/heartbeats`: a line for each, the worst first, as many as fit."""
    lines = [words.say("heartbeats.message.title", count=len(shown))]
    for number, one in enumerate(shown):
        line_ = line(words, one)
        if sum(len(each) + 1 for each in lines) + len(line_) > _LIMIT:
            return "\n".join([*lines, words.say("heartbeats.message.more", count=len(shown) - number)])
        lines.append(line_)
    return "\n".join(lines)


def line(words: Wording, one: HeartbeatShown) -> str:
    """Return a line: sign, name, state, last success, next beat, and the duration of the last run."""
    status = one.status
    parts = []
    if status is not None:
        last, due = status.last_at, status.due_at
        parts += [] if last is None else [words.say("heartbeats.message.last", at=words.moment(last))]
        parts += [] if due is None else [words.say("heartbeats.message.next", at=words.moment(due))]
        if status.started_at is not None:
            parts.append(words.say("heartbeats.message.running", at=words.moment(status.started_at)))
        if status.duration_s is not None:
            took = words.say("heartbeats.message.took", span=words.span(status.duration_s))
            parts.append(f"{took}{_typical(words, one)}")
    state, schedule = words.say(f"heartbeats.state.{one.state}"), _schedule(words, one.rules)
    head = f"{SIGNS[one.state]} `{inert(one.rules.name, limit=_NAME_LIMIT)}` {state} ({schedule})"
    return " · ".join([head, *parts])


def details(words: Wording, one: HeartbeatShown) -> str:
    """Return the message about one heartbeat: its line, its last runs, and the output of its last failure."""
    lines = [line(words, one)]
    if one.runs:
        lines.append(words.say("heartbeats.message.runs"))
        lines += [_run(words, run) for run in reversed(one.runs[-_RUNS:])]
    if (failure := one.last_failure) is not None and failure.body.strip():
        said, cut = failure.body.strip()[-_OUTPUT:], len(failure.body.strip()) > _OUTPUT
        lines.append(words.say("heartbeats.message.said", at=words.moment(failure.ended_at)))
        lines.append(code_block(f"…{said}" if cut else said))
    return "\n".join(lines)


def _schedule(words: Wording, rules: HeartbeatRules) -> str:
    if isinstance(rules.schedule, str):
        return rules.schedule
    return words.say("heartbeats.message.every", span=words.span(rules.schedule))


def _run(words: Wording, run: JobRun) -> str:
    state = HeartbeatState.FAILED if run.is_failed else HeartbeatState.UP
    parts = [f"{SIGNS[state]} {words.moment(run.ended_at)}"]
    if run.is_failed:
        key = "failed" if run.exit_status is None else "failed_with"
        parts.append(words.say(f"heartbeats.message.{key}", status=run.exit_status))
    if run.duration_s is not None:
        parts.append(words.say("heartbeats.message.took", span=words.span(run.duration_s)))
    return " · ".join(parts)


def _typical(words: Wording, one: HeartbeatShown) -> str:
    if one.typical_s is None:
        return ""
    return words.say("heartbeats.message.typical", span=words.span(one.typical_s))
