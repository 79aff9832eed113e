"""What a severity entails."""

from dataclasses import FrozenInstanceError
from datetime import timedelta

import pytest

from bot.domain.severity import NEXT_BUSINESS_DAY, LadderStep, Mention, SeverityPolicy


def test_a_step_is_quiet_unless_told_otherwise() -> None:
    """A step has no mention and no DM unless the policy gives it one."""
    step = LadderStep(after=None)
    assert (step.mention, step.dm) == (Mention.NONE, ())


def test_a_severity_cannot_be_changed() -> None:
    """A severity is immutable, because all parts share the policy."""
    severity = SeverityPolicy(
        name="SEV3",
        priority="P2",
        channel="p2-deploys",
        mention=Mention.NONE,
        ack_within=NEXT_BUSINESS_DAY,
        thread_channel=None,
        postmortem=False,
        ladder=(LadderStep(timedelta(0)),),
        rank=2,
    )
    with pytest.raises(FrozenInstanceError):
        severity.channel = "elsewhere"  # type: ignore[misc]  # that is the point
