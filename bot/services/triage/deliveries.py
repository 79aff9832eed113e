"""Deliver the posts of a triage: drop untrue ones, and offer the triage to the team if a DM is refused."""

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.triage.session import Triage
from bot.runbook.model import Policy
from bot.services.delivery.handling import DeliveryHandler
from bot.services.running_triages.posts import is_out_of_date, refresh_triage_job, triage_of
from bot.services.triage.unfinished import tell_team
from bot.storage.store import Store
from bot.storage.tables.triages import TriageRows
from bot.storage.transaction import Transaction


class TriageDeliveries(DeliveryHandler):
    """Posts that report the state of a triage; once it has an incident, they are about that."""

    def __init__(self, store: Store, policy: Policy) -> None:
        super().__init__(*(kind for kind in DeliveryKind if kind.spec.shows_triage))
        self._store = store
        self._policy = policy

    async def is_obsolete(self, tx: Transaction, delivery: Delivery) -> bool:
        """Return True if the post is no longer true, or may no longer be shown."""
        return await is_out_of_date(tx, delivery)

    async def load(self, delivery: Delivery) -> Triage:
        """Return the triage that the post is about."""
        return await TriageRows(self._store.sql).triage(triage_of(delivery))

    async def sent(self, tx: Transaction, delivery: Delivery) -> None:
        """Refresh the posts: the triage may have changed meanwhile."""
        await tx.enqueue(refresh_triage_job(triage_of(delivery)))

    async def report(self, tx: Transaction, delivery: Delivery) -> None:
        """Offer the triage to the team if its person takes no DM."""
        if delivery.kind is DeliveryKind.UNFINISHED_DM:
            await tell_team(tx, delivery, policy=self._policy)
        else:
            await super().report(tx, delivery)
