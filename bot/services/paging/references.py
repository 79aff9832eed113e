"""What a system outside calls an incident. See docs/internals/paging.md."""

from bot.domain.delivery.delivery import Delivery
from bot.domain.incident.incident import Incident
from bot.domain.paging.sync import SyncedState
from bot.domain.paging.ways import Way
from bot.services.ports import Store, Transaction


async def reference_of(source: Store | Transaction, delivery: Delivery, incident: Incident, way: Way) -> str:
    """Return what the system calls the incident: the same for all its pages that ring at one time.

    A page after an answer, which was handed back, rings anew under another name.
    """
    earlier = [
        page for page in await source.kept_pages_of(incident.id, way) if page.delivery_id != delivery.id
    ]
    if earlier and earlier[0].state is SyncedState.RINGING:
        return earlier[0].reference
    installation = await source.installation()
    return f"incident-bot-{installation.id[:8]}-{incident.label}" + (f"-{delivery.id}" if earlier else "")
