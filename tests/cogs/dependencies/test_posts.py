"""The line in an incident's thread that says what it holds."""

from dataclasses import replace

import pytest

from bot.domain.payloads import Json
from bot.ui.posts.renderer import render
from cogs.dependencies.rules import DependencyDelivery
from tests.unit.ui.samples import JA, PLACED, delivery

_WAITING = {"fingerprint": "f", "title": "5xx", "target": "api"}


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ({"alerts": 1, "times": 2, "waiting": [_WAITING]}, "- 5xx · api"),
        ({"alerts": 1, "times": 2, "tracked": 1}, "-# 追跡に移したもの：1 件"),
        ({"alerts": 1, "times": 2}, "-# すべて復旧済み"),
        (
            {"alerts": 1, "times": 2, "moved": 1},
            "-# ほかの保留 (メンテナンス、別のインシデント) に引き継ぎ済み",
        ),
        ({}, "-# ほかの保留 (メンテナンス、別のインシデント) に引き継ぎ済み"),
    ],
    ids=["waits", "tracked", "over", "moved", "moved to another incident"],
)
def test_the_line_says_what_became_of_what_was_held(held: Json, said: str) -> None:
    """It says that all are over only if nothing else holds or tracks them."""
    incident = replace(PLACED, own={"dependencies": held})
    body = render(JA, delivery(DependencyDelivery.DEPENDANTS), incident)
    assert str(body["content"]).splitlines()[1:] == [said]
