"""What other systems answer, in words: live checks, exports to the code host, refused deliveries."""

from contextlib import suppress
from datetime import datetime
from typing import Final, Protocol

from bot.domain.code_host import ExportTrouble
from bot.domain.dlq import MUTE
from bot.domain.errors import OutboundProblem
from bot.domain.systems import CheckResult, Fact, SystemKind, SystemState
from bot.ui.words.inert import inert, plain
from bot.ui.words.wording import Voice, Wording

#: The values of all facts: one that is missing is shown as nothing.
_NOTHING: Final = dict.fromkeys(
    (
        *("status", "ms", "days", "expected", "at", "version", "stage", "count", "workflow", "job"),
        *("used", "most", "longest_s", "minutes", "title", "said", "by"),
    ),
    "–",
)


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


_EXPORT_URL_LIMIT: Final = 300
_REASON_LIMIT: Final = 300

_TITLE_LIMIT: Final = 200  # GitHub: 256 characters, with the label before it

#: On GitHub, @ notifies people and # refers to issues, which a commit can close; their full-width twins read
#: the same and do neither.
TWINS: Final = {ord("@"): "＠", ord("#"): "＃"}

_WHYS: Final = ("token", "permission", "not_found", "conflict", "invalid", "away")


def url_of(url: str) -> str:
    """Return an address that the code host gave, as a link without a preview."""
    return inert(url, limit=_EXPORT_URL_LIMIT)


def why_of(words: Wording, problem: str, reason: str) -> str:
    """Return why an export fails, and what a person can do about it."""
    known = problem if problem in _WHYS else "away"  # a newer version may know more problems
    return words.say(f"exports.why.{known}", reason=inert(reason, limit=_REASON_LIMIT))


def trouble_lines(voice: Voice, trouble: ExportTrouble | None, *, is_over: bool) -> list[str]:
    """Return what is wrong with an export, if anything is."""
    if trouble is None:
        return []
    key = "given_up" if is_over else "trying"
    return [voice.say(f"exports.screen.{key}", why=why_of(voice, trouble.problem, trouble.reason))]


def with_marker(body: str, marker: str) -> str:
    """Return a body with the bot's marker below it."""
    return f"{body.strip()}\n\n{marker}\n"


def unmarked(text: str) -> str:
    """Return people's words for a title, which has no markup."""
    return plain(text, limit=_TITLE_LIMIT).translate(TWINS)


_DM: Final = ("person:", "user:", "named:")


def where(channel: str | None, *, limit: int = 80) -> str:
    """Return a stored channel name with one '#', "DM @primary" for a page of ours, "-" for none."""
    if channel is None:
        return "-"
    for kind in _DM:
        if channel.startswith(kind):
            return f"DM @{inert(channel.removeprefix(kind), limit=limit)}"
    return f"#{inert(channel.lstrip('#'), limit=limit)}"


def answer(words: Wording, http_status: int | None, error: str | None) -> str:
    """Return Discord's answer, such as "HTTP 503"; else "no answer", or "posted, but @here did not ping"."""
    if http_status is not None:
        return f"HTTP {http_status}"
    is_mute = error is not None and error.startswith(MUTE)
    return words.say("consoles.dlq.not_rung" if is_mute else "consoles.dlq.no_answer")
