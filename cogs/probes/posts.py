"""The words of probes: the titles of their alerts, and their states."""

from typing import Final

from bot.domain.systems import CheckResult
from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.ui.words.inert import inert, plain
from bot.ui.words.systems import Safe, fact_of
from bot.ui.words.wording import Wording
from cogs.probes.rules import ProbeEvent, ProbeRules, ProbeShown, ProbesShown, ProbeState

#: Colour never alone: the line says the state in words.
SIGNS: Final = {
    ProbeState.NEW: "⏳",
    ProbeState.UP: "✅",
    ProbeState.DEGRADED: "⚠️",
    ProbeState.DOWN: "⛔",
    ProbeState.CUT_OFF: "🔌",
}
_NAME_LIMIT: Final = 80
_LIMIT: Final = 1_900  # Discord: 2,000 characters


class ProbeTitles:
    """The titles of the alerts that probes raise, in the team's language."""

    def __init__(self, texts: Texts, policy: Policy) -> None:
        self._words = Wording(texts, policy)

    def of(self, rules: ProbeRules, event: ProbeEvent, result: CheckResult | None) -> str:
        """Return "api.parky.co.jp is down: no answer in time"."""
        target = plain(rules.target, limit=_NAME_LIMIT)
        fact = "" if result is None else fact_of(self._words, result, safe=plain)
        return self._words.say(f"probes.title.{event}", target=target, fact=fact)

    def of_prober(self, event: ProbeEvent) -> str:
        """Return "The probes reach nothing"."""
        known = ProbeEvent.OVER if event is ProbeEvent.OVER else ProbeEvent.DOWN
        return self._words.say(f"probes.prober.{known}")


def listing(words: Wording, shown: ProbesShown) -> str:
    """Return the message of `/probes`: a line for each probe, the worst first, as many as fit."""
    lines = [words.say("probes.message.title", count=len(shown.probes))]
    if shown.is_cut_off:
        lines.append(words.say("probes.message.cut_off"))
    for number, probe in enumerate(shown.probes):
        line_, left = line(words, probe), len(shown.probes) - number
        if sum(len(one) + 1 for one in lines) + len(line_) > _LIMIT:
            return "\n".join([*lines, words.say("probes.message.more", count=left)])
        lines.append(line_)
    return "\n".join(lines)


def line(words: Wording, probe: ProbeShown, *, safe: Safe = inert) -> str:
    """Return one line: sign, name, state, its last result, its availability of 24 hours."""
    share, status = probe.counts.availability, probe.status
    result = None if status is None else status.result
    return words.say(
        "probes.message.line" if share is not None else "probes.message.line_new",
        sign=SIGNS[probe.state],
        name=safe(probe.rules.name, limit=_NAME_LIMIT),
        state=words.say(f"probes.state.{probe.state}"),
        fact="–" if result is None else fact_of(words, result, safe=safe),
        share="" if share is None else percentage(share),
    )


def percentage(share: float) -> str:
    """Return "99.95 %"; only a target that never failed has 100 %."""
    hundredths = int(share * 10_000)
    return f"{hundredths / 100:g} %"
