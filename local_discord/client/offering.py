"""Controls on the page, which a program offers and people press."""

from collections.abc import Sequence

from local_discord.client.line import EVENT_S, Line
from local_discord.client.screen import JSON


class Controls(Line):
    """Offers controls, waits for a press, tells how it goes; and presses one."""

    async def offer(self, groups: Sequence[JSON]) -> None:
        """Show groups of controls on the page: [{id, icon, label, controls: [{id, label, detail?}]}]."""
        await self._request("PUT", "controls", {"groups": [*groups]})

    async def press_control(self, user: str, control: str) -> str:
        """Press a control of the page; the press's id."""
        return str((await self._post("press", {"user": user, "control": control}))["press"])

    async def next_press(self, *, within_s: float = EVENT_S) -> JSON | None:
        """Wait for a press of an offered control: {id, control, user, says}; None if none comes in time."""
        found = await self._post("wait", {"for": "press", "timeout_s": within_s})
        return None if found["timeout"] else dict(found["press"])

    async def tell_press(self, press_id: str, **told: object) -> None:
        """Tell how a press goes: says={"ja", "en"}; done=True, or refused={"ja", "en"}, ends it."""
        await self._request("PATCH", f"press/{press_id}", told)
