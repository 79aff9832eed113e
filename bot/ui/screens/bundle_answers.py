"""The question before everything that a bundle lists is acknowledged, and what became of it."""

from discord import ButtonStyle

from bot.domain.escalation.bundle import Bundle
from bot.services.escalation.bundles import AllAcknowledged
from bot.ui.buttons import BundleVerb, custom_id
from bot.ui.components import Screen, button, row, text
from bot.ui.words.voice import Voice


def all_question(voice: Voice, bundle: Bundle) -> Screen:
    """すべて ack しますか? The safe way out comes first."""
    if not bundle.waiting:
        return Screen(text(voice.say("bundle.nothing_to_acknowledge")))
    one = "_one" if bundle.waiting == 1 else ""
    facts = {"severity": bundle.severity, "count": bundle.waiting}
    return Screen(
        text(voice.say(f"bundle.question{one}", **facts), voice.say(f"bundle.question_means{one}", **facts)),
        rows=[
            row(
                button(voice.say("consoles.quit"), "ui:v1:quit"),
                button(
                    voice.say(f"bundle.yes{one}", **facts),
                    custom_id(BundleVerb.YES, bundle.id),
                    style=ButtonStyle.primary,
                    emoji=voice.policy.ack_emoji,
                ),
            )
        ],
    )


def all_acknowledged(voice: Voice, result: AllAcknowledged) -> str:
    """Say how many incidents the person has acknowledged, and how many had a responder before."""
    if not result.first:
        return voice.say("bundle.nothing_to_acknowledge")
    key = "acknowledged_others" if result.others else "acknowledged"
    others = {"others": result.others} if result.others else {}
    return voice.say(f"bundle.{key}", count=result.first, **others)
