"""Reads the alerts that a digest asks people about, as they are now."""

from collections.abc import Sequence

from bot.domain.alerts.asked import AskedAlerts
from bot.services.ports import Store


async def asked_alerts(store: Store, guild_id: int, numbers: Sequence[int]) -> AskedAlerts:
    """Return the alerts with these *numbers*, in their order, with the verdicts that hold."""
    if not numbers:
        return AskedAlerts()
    alerts = tuple([await store.incident(number) for number in numbers])
    by_fingerprint = {one.tracked.fingerprint: one.id for one in alerts if one.tracked.fingerprint}
    found = await store.alert_verdicts(guild_id, list(by_fingerprint))
    return AskedAlerts(alerts, {by_fingerprint[one.fingerprint]: one for one in found})
