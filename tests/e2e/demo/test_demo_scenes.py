"""The scenes of the demo's page: teams, time and silence, in two presses each."""

import re
from datetime import timedelta
from typing import Final

import httpx
import pytest

from bot.capability import capability_names
from bot.demo.labels import SCENES as NAMES
from bot.demo.labels import ControlPress, DemoRefused
from bot.demo.reporters import Reporters
from bot.demo.running_demo import RunningDemo
from bot.demo.scenes import SCENES, SceneGroup, Stage
from local_discord.client import Message
from tests.e2e.demo.languages import JAPANESE, played_in

_NEEDED: Final = {scene.capability for scenes in SCENES.values() for scene in scenes.values()}
pytestmark = pytest.mark.skipif(not {*capability_names()} >= _NEEDED, reason="a scene's folder is not there")

#: What is said in each, in the menu's order: in Japanese, in English.
SAYS: Final = {
    "override": ("代理", "Override"),
    "absence": ("が代われます", "could take it"),
    "calendar": ("あなたの当番のカレンダー", "The calendar of your shifts"),
    "hours": ("当番時間", "Hours on call"),
    "team_alert": ("カード決済の 8 % が拒否されています", "8 % of the card payments are refused"),
    "call": ("の primary を呼びました", "primary of the default team is called"),
    "hand_over": ("#p1-ops に知らせ", "#p1-ops is told"),
    "cause": ("影響として保留したアラート", "Dependent alerts held"),
    "plan": ("まだ登録していません", "Nothing is planned yet"),
    "plans": ("db.parky.co.jp", "db.parky.co.jp"),
    "silent_job": ("receipt-sync から報告なし", "receipt-sync has not reported"),
    "job_again": ("@Heartbeat が解決", "resolved by @Heartbeat"),
    "jobs": ("正常", "up"),
}


async def unused(_press: str, _span: timedelta) -> None:
    """No scene moves the clock: it would be wrong here."""
    raise AssertionError


@played_in("ja", nightly="en")
async def test_every_scene_leads_to_what_it_is_about(demo: RunningDemo) -> None:
    """Each scene of the menu, one after the other; and a third press on what most of them show."""
    human, language = demo.human, demo.setup.language
    shown: dict[str, Message] = {}
    stage = Stage(demo, Reporters(demo), user="ito", travel=demo.fast_forward)
    for scenes in SCENES.values():
        for name, scene in scenes.items():
            shown[name] = await scene.play(stage)
            assert SAYS[name][language == "en"] in shown[name].text, name
    assert [*shown] == [*SAYS] == [*NAMES]

    roles = {one["name"]: one["roles"] for one in (await human.state())["members"]}
    assert [name for name, own in roles.items() if "on-call" in own] == ["suzuki", "ito", "takahashi"]

    (address,) = re.findall(r"^http://\S+\.ics", shown["calendar"].text, re.MULTILINE)
    async with httpx.AsyncClient(trust_env=False) as program:
        assert "BEGIN:VEVENT" in (await program.get(address)).text

    words = {"ja": ("引き受ける", "この予定で登録"), "en": ("Take it", "Plan it")}[language]
    taken = await human.press("ito", shown["absence"], words[0])
    kept = await human.press("ito", shown["plan"], words[1])
    assert "✅" in taken.text
    assert "admin.parky.co.jp" in kept.text
    (select,) = shown["cause"].controls
    values = [value for title, value in (select.options or {}).items() if "StoreSyncFailed" in title]
    await human.press("ito", shown["cause"], select.label, values=values)
    await human.see("p1-ops", "StoreSyncFailed", where=lambda one: one.text.startswith("🟠"))
    group = SceneGroup(demo, unused)
    offered = (await group.offer())["controls"]
    assert [one["id"] for one in offered] == [f"scene.{name}" for name in shown]
    assert [one["id"] for one in offered if "heading" in one] == [
        f"scene.{next(iter(own))}" for own in SCENES.values()
    ]
    led = await group.do(ControlPress("1", "scene.plans", "ito"))
    assert led is not None
    assert led["channel"] == shown["plans"].channel_id
    with pytest.raises(DemoRefused, match="The job is fine"):
        await group.do(ControlPress("2", "scene.job_again", "ito"))
    if language == "en":
        assert not JAPANESE.findall("\n".join(message.text for message in shown.values()))
