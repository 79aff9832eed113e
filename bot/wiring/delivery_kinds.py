"""The kinds of delivery, each with its behaviour."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from bot.capability import installed
from bot.domain.delivery.kinds import DeliveryKind
from bot.services.alerts.questions import QuestionDeliveries
from bot.services.core import Core
from bot.services.delivery.handling import DeliveryHandler, DeliveryKinds, SwitchedOff
from bot.services.escalation.deliveries import BundleDeliveries, EscalationDeliveries, PageDeliveries
from bot.services.incidents.deliveries import NoticeDeliveries, PostingDeliveries, RoleDeliveries
from bot.services.paging import OutsideDeliveries
from bot.services.privacy import MemberDeliveries
from bot.services.sheets import OutputDeliveries
from bot.services.triage.clocks import TriageDeliveries

#: Kinds of delivery that need no behaviour of their own.
_PLAIN: Final = (
    DeliveryKind.ALERTS_SKIPPED,
    DeliveryKind.PIN_SEEN,
)


def delivery_kinds(core: Core, built: Mapping[str, object]) -> DeliveryKinds:
    """Return what each kind of delivery needs beside being sent.

    Args:
        built: The use cases of the capabilities, by name.
    """
    policy, reposting = core.policy, core.reposting
    bundles, passing_on = core.bundles, core.passing_on
    lines = NoticeDeliveries(policy, reposting)
    follow = [
        partial(one.card_posted, built.get(one.name))
        for one in policy.capabilities
        if one.card_posted is not None
    ]
    return DeliveryKinds(
        core.shown_incidents,
        [
            PostingDeliveries(policy, reposting, follow),
            lines,
            OutputDeliveries(move=lines.move),
            RoleDeliveries(policy),
            MemberDeliveries(policy, reposting),
            PageDeliveries(bundles, passing_on),
            OutsideDeliveries(policy, core.oncall, core.outside),
            EscalationDeliveries(bundles, reposting.lost_its_private_thread),
            BundleDeliveries(core.store, policy, passing_on),
            TriageDeliveries(core.store, policy),
            QuestionDeliveries(),
            DeliveryHandler(*_PLAIN),
            *_of_capabilities(core, built),
        ],
    )


def _of_capabilities(core: Core, built: Mapping[str, object]) -> Iterator[DeliveryHandler]:
    for capability in installed():
        if capability.name in core.policy.off:
            yield SwitchedOff(*capability.renderers)
        elif capability.deliveries is not None:
            yield from capability.deliveries(built.get(capability.name), core)
