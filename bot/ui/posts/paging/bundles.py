"""One message that replaces many escalations, or many DMs to one person."""

from typing import Final

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.escalation.pages import LISTED, Bundle
from bot.domain.incident.incident import Incident
from bot.domain.severity import Mention
from bot.ui.buttons import Component, Option, row
from bot.ui.posts.bodies import HERE, Body, embed, message, severity_colour
from bot.ui.posts.looks import Renderers, of
from bot.ui.verbs import BundleVerb
from bot.ui.words.inert import plain
from bot.ui.words.wording import Wording

#: What a phone shows without scrolling for long; the select below has a few more.
_LINES: Final = 15
_TARGETS_LIMIT: Final = 60
_OPTION_LIMIT: Final = 100  # Discord: a label or description of a select's option


def bundle_post(words: Wording, bundle: Bundle) -> Body:
    """Compose the bundle: count, severity and wait, then the oldest incidents. It rings as each one would."""
    rings = bool(bundle.waiting) and bundle.mention == Mention.HERE.value
    key = "done" if not bundle.waiting else "waiting" if bundle.waiting == bundle.count else "some"
    if key == "waiting" and _is_new(bundle):
        key = "new"
    sign = words.severity_sign(bundle.severity, is_drill=False)
    fields = {"sign": sign, "severity": bundle.severity, "count": bundle.count, "waiting": bundle.waiting}
    line = words.say(f"bundle.line.{key}", **fields)
    components: list[Component] = []
    if bundle.waiting:
        options = [_option(words, incident) for incident in bundle.shown[:LISTED]]
        placeholder = words.say("bundle.choose")
        components = [
            *row([words.buttons.make(BundleVerb.ALL, bundle.id)]),
            *words.buttons.select(BundleVerb.PICK, bundle.id, options=options, placeholder=placeholder),
        ]
    return message(
        f"{HERE} {line}" if rings else line,
        embeds=[
            embed(
                colour=severity_colour(words, bundle.severity), description="\n".join(_lines(words, bundle))
            )
        ],
        components=components,
        rings=rings,
    )


def waited(words: Wording, bundle: Bundle, incident: Incident) -> str:
    """Return how long the incident has waited for an acknowledgement: "15 分"."""
    return words.span(bundle.now - incident.triggered_at)


def _lines(words: Wording, bundle: Bundle) -> list[str]:
    if not bundle.waiting:
        return [words.say("bundle.nothing_left")]
    key = "means_one" if bundle.waiting == 1 else "means_all"  # what 👀 does
    count = {} if bundle.waiting == 1 else {"count": bundle.waiting}
    lines = [
        words.sentences(
            words.say("bundle.on_call") if bundle.kind is DeliveryKind.PAGE else "",
            _urgency(words, bundle),
        ),
        words.say(f"bundle.{key}", emoji=words.policy.ack_emoji, **count),
        *(_item(words, bundle, incident) for incident in bundle.shown[:_LINES]),
    ]
    more = bundle.waiting - min(len(bundle.shown), _LINES)
    return [*lines, words.say("bundle.more", count=more)] if more else lines


def _is_new(bundle: Bundle) -> bool:
    """Return whether no ack deadline has passed yet; until then a missing ack is not worth mentioning."""
    return all(incident.ack_due_at > bundle.now for incident in bundle.shown)


def _urgency(words: Wording, bundle: Bundle) -> str:
    """Say the first ack deadline while none has passed, else how long the oldest incident has waited."""
    first = bundle.shown[0]
    if not _is_new(bundle):
        return words.say("bundle.oldest", waited=waited(words, bundle, first))
    due_at = min(incident.ack_due_at for incident in bundle.shown)
    return words.say("bundle.due", at=words.clock(due_at, on=first.triggered_at))


def _item(words: Wording, bundle: Bundle, incident: Incident) -> str:
    since = words.clock(incident.triggered_at, on=incident.triggered_at)
    facts = {
        "label": incident.label,
        "waited": since if _is_new(bundle) else waited(words, bundle, incident),
    }
    if incident.is_private:  # made so after it was bundled
        return words.say("bundle.item_hidden", **facts)
    title, targets = words.title(incident), words.targets(incident.targets, limit=_TARGETS_LIMIT)
    key = "item_with_targets" if targets else "item"
    return words.say(f"bundle.{key}", **facts, title=title, **({"targets": targets} if targets else {}))


def _option(words: Wording, incident: Incident) -> Option:
    if incident.is_private:
        return Option(str(incident.id), incident.label)
    title = plain(f"{incident.label} {incident.title}", limit=_OPTION_LIMIT)
    return Option(str(incident.id), title, plain(words.listed(incident.targets), limit=_OPTION_LIMIT))


RENDERERS: Final[Renderers] = {DeliveryKind.BUNDLE: of(Bundle, bundle_post)}
