"""The results of live checks in words. What systems say is shown inert."""

from contextlib import suppress
from datetime import datetime
from typing import Final, Protocol

from bot.domain.errors import OutboundProblem
from bot.domain.systems import CheckResult, Fact, SystemKind, SystemState
from bot.ui.words.inert import inert, plain
from bot.ui.words.wording import Wording


class Safe(Protocol):
    """Makes the words of others safe for where they are shown."""

    def __call__(self, text: str, *, limit: int) -> str: ...


#: Colour never alone: the fact says the state in words.
SIGNS: Final = {
    SystemState.DOWN: "⛔",
    SystemState.DEGRADED: "⚠️",
    SystemState.UNKNOWN: "❓",
    SystemState.OK: "✅",
}
_VALUE_LIMIT: Final = 120
_NAME_LIMIT: Final = 80
_URL_LIMIT: Final = 200


def plain_line(words: Wording, result: CheckResult) -> str:
    """Return the line for a terminal, which has no markup, with the link after it."""
    name, fact = name_of(words, result, safe=plain), fact_of(words, result, safe=plain)
    said = words.say("systems.message.line", sign=SIGNS[result.state], system=name, fact=fact)
    return said if result.url is None else f"{said}  {plain(result.url, limit=_URL_LIMIT)}"


def name_of(words: Wording, result: CheckResult, *, safe: Safe = inert) -> str:
    """Return the system: a target by its name, another one with its kind in front.

    Args:
        safe: Makes the words of others safe for where they are shown.
    """
    name = safe(result.name, limit=_NAME_LIMIT)
    if result.system is SystemKind.HTTP:
        return name
    kind = words.say(f"systems.kind.{result.system}")
    return f"{kind} {name}".strip()


def fact_of(words: Wording, result: CheckResult, *, safe: Safe = inert) -> str:
    """Return what was found; a value that is missing is a dash."""
    if result.fact is Fact.PROBLEM:
        return _problem(words, result)
    values = {name: safe(value, limit=_VALUE_LIMIT) for name, value in result.values.items()}
    if "at" in values:
        with suppress(ValueError):
            values["at"] = words.moment(datetime.fromisoformat(result.values["at"]))
    return words.say(f"systems.fact.{result.fact}", **{**_NOTHING, **values})


def _problem(words: Wording, result: CheckResult) -> str:
    problem = result.values.get("problem", "")
    known = problem if problem in set(OutboundProblem) else OutboundProblem.REFUSED
    said = words.say(f"systems.problem.{known}")
    wait_s = result.values.get("wait_s", "")
    if not wait_s.isdecimal():
        return said
    return words.say("systems.problem.wait", problem=said, span=words.span(int(wait_s)))


#: The values of all facts: one that is missing is shown as nothing.
_NOTHING: Final = dict.fromkeys(
    (
        *("status", "ms", "days", "expected", "at", "version", "stage", "count", "workflow", "job"),
        *("used", "most", "longest_s", "minutes", "title", "said", "by"),
    ),
    "–",
)
