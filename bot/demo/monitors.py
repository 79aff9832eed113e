"""The page's button for monitors: a person posts their alerts, as each vendor's integration does."""

import httpx

from bot.demo import labels
from bot.demo.running_demo import RunningDemo
from bot.demo.vendors import FIRING, RESOLVED, Monitor, channel_of, dated, read_monitors
from local_discord.client import JSON


class MonitorGroup:
    """The page's button for a monitor's alert."""

    def __init__(self, demo: RunningDemo) -> None:
        self._demo = demo
        self._monitors = {one.key: one for one in read_monitors(demo.setup.language)}

    async def offer(self) -> JSON:
        """Return each monitor twice: it fires, it is resolved."""
        controls = [
            {
                "id": f"monitor.{one.key}.{state}",
                "label": labels.of_alert(one.sender, is_firing=state == FIRING),
                "detail": dict.fromkeys(("ja", "en"), f"#{self._channel(one)}"),
            }
            for one in self._monitors.values()
            for state in (FIRING, RESOLVED)
        ]
        return {"id": "monitor", "icon": "bell", "label": labels.MONITORS, "controls": controls}

    async def do(self, press: str, control: str) -> JSON | None:
        """Post the alert by the webhook of the monitor's channel, and show it."""
        del press
        _, key, state = control.split(".")
        monitor = self._monitors[key]
        epoch_s = int(await self._demo.connection.fetchval("SELECT extract(epoch FROM now())"))
        body = dated(monitor.following(state), epoch_s)
        url = await self._demo.human.webhook_url(self._channel(monitor), monitor.sender)
        async with httpx.AsyncClient(trust_env=False) as client:
            posted = (await client.post(f"{url}?wait=true", json=body)).raise_for_status().json()
        monitor.note(state)
        return {"channel": posted["channel_id"], "message": posted["id"]}

    def _channel(self, monitor: Monitor) -> str:
        return channel_of(self._demo.setup.policy, monitor.watched)
