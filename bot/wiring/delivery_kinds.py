"""The kinds of delivery, each with its behaviour."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from bot.capability import installed
from bot.domain.delivery.kinds import DeliveryKind
from bot.services.alerts.questions import QuestionDeliveries
from bot.services.delivery.handling import DeliveryHandler, DeliveryKinds, SwitchedOff
from bot.services.escalation.deliveries import BundleDeliveries, EscalationDeliveries, PageDeliveries
from bot.services.incidents.deliveries import NoticeDeliveries, PostingDeliveries, RoleDeliveries
from bot.services.paging import OutsideDeliveries
from bot.services.privacy import MemberDeliveries
from bot.services.sheets import OutputDeliveries
from bot.services.triage.deliveries import TriageDeliveries
from bot.wiring.shared import Shared

#: Kinds of delivery that need no behaviour of their own.
_PLAIN: Final = (
    DeliveryKind.ALERTS_SKIPPED,
    DeliveryKind.PIN_SEEN,
)


def delivery_kinds(shared: Shared, built: Mapping[str, object]) -> DeliveryKinds:
    """Return what each kind of delivery needs beside being sent.

    Args:
        built: The use cases of the capabilities, by name.
    """
    policy, reposting = shared.policy, shared.reposting
    bundles, passing_on = shared.bundles, shared.passing_on
    lines = NoticeDeliveries(policy, reposting)
    follow = [
        partial(one.card_posted, built.get(one.name))
        for one in policy.capabilities
        if one.card_posted is not None
    ]
    return DeliveryKinds(
        shared.shown_incidents,
        [
            PostingDeliveries(policy, reposting, follow),
            lines,
            OutputDeliveries(move=lines.move),
            RoleDeliveries(policy),
            MemberDeliveries(policy, reposting),
            PageDeliveries(bundles, passing_on),
            OutsideDeliveries(policy, shared.oncall, shared.outside),
            EscalationDeliveries(bundles, reposting.lost_its_private_thread),
            BundleDeliveries(shared.store, policy, passing_on),
            TriageDeliveries(shared.store, policy),
            QuestionDeliveries(),
            DeliveryHandler(*_PLAIN),
            *_of_capabilities(shared, built),
        ],
    )


def _of_capabilities(shared: Shared, built: Mapping[str, object]) -> Iterator[DeliveryHandler]:
    for capability in installed():
        if capability.name in shared.policy.off:
            yield SwitchedOff(*capability.renderers)
        elif capability.deliveries is not None:
            yield from capability.deliveries(built.get(capability.name), shared.core)
