"""Offer controls on the page, and handle the presses of people."""

from collections.abc import Sequence

from local_discord.client.line import EVENT_S, Line
from local_discord.client.screen import JSON


class Controls(Line):
    """Offers controls on the page, waits for a press, reports its progress; and presses a control."""

    async def offer(self, groups: Sequence[JSON]) -> None:
        """Show *groups* of controls on the page, in place of those offered before.

        Args:
            groups: `[{id, icon, label, controls: [{id, label, detail?, hint?, heading?}]}]`; each text is
                `{ja, en}`, and an icon is one of the page's `icons.js`. A detail stands beside the label, a
                hint below it; a heading stands above the control.
        """
        await self._request("PUT", "controls", {"groups": [*groups]})

    async def press_control(self, user: str, control: str) -> str:
        """Press the control with the id *control* as *user*, and return the press's id.

        Raises:
            HumanSideError: No such control is offered, or another press has not ended.
        """
        return str((await self._post("press", {"user": user, "control": control}))["press"])

    async def next_press(self, *, within_s: float = EVENT_S) -> JSON | None:
        """Wait for a press of an offered control and return it as `{id, control, user, says}`.

        Returns:
            None if no press comes within *within_s* seconds.
        """
        found = await self._post("wait", {"for": "press", "timeout_s": within_s})
        return None if found["timeout"] else dict(found["press"])

    async def stop_press(self, press_id: str) -> None:
        """Ask the program to stop the press *press_id* on the way.

        Raises:
            HumanSideError: It has ended, or its program does not stop.
        """
        await self._request("DELETE", f"press/{press_id}")

    async def tell_press(self, press_id: str, **told: object) -> bool:
        """Take the press *press_id*, report its progress, or end it.

        Args:
            told: `says={"ja": ..., "en": ...}` is shown as progress. `done=True`, or `refused={"ja": ...,
                "en": ...}` with a reason, ends the press. `show={"channel": ..., "message": ...}` with either
                takes the person who pressed to that message. `progress=0.4` is shown as a bar; with
                `may_stop=True` people may stop it.

        Returns:
            True once a person has asked to stop it.
        """
        return bool((await self._request("PATCH", f"press/{press_id}", told))["stop"])
