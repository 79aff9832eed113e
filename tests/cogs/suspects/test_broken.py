"""The card of suspects when a source has a bug, or the process that makes it dies."""

import pytest

from bot.domain.errors import StorageUnavailable
from cogs.suspects.rules import ChangeSource, SourceProblem
from cogs.suspects.use_cases import Suspects
from tests.cogs.suspects.acts import read_from, sources_of, stored_card, suspects
from tests.cogs.suspects.test_suspects import CARD, Source, card_of, merged, source
from tests.services.desk import Desk

__all__ = ["source"]


async def test_a_source_with_a_bug_costs_its_own_part_of_the_card(desk: Desk, source: Source) -> None:
    """The log has the error; the card names the source as one that could not be read."""
    broken = Source("github_deployments")
    broken.error, source.changes = KeyError("creator"), [merged(desk, minutes=5)]
    read_from(desk, *sources_of(desk), ChangeSource(broken.name, broken.read))
    incident = await desk.open("SEV1")
    await desk.work()
    card = await card_of(desk, incident)
    assert [(one.source, one.problem) for one in card.unread] == [(broken.name, SourceProblem.AWAY)]
    assert len(card.changes) == 1
    assert desk.sent(CARD) == ["incident"]


@pytest.mark.parametrize("is_written", [False, True])
async def test_a_process_that_dies_in_the_job_leaves_one_card_to_the_next(
    desk: Desk, source: Source, monkeypatch: pytest.MonkeyPatch, *, is_written: bool
) -> None:
    """If a process dies while making the card of suspects, the next run of the job makes exactly one card."""
    source.changes = [merged(desk, minutes=5)]
    incident = await desk.open("SEV1")
    reading = Suspects(desk.own_store, desk.policy, sources_of(desk), suspects(desk).seen_before)
    show = Suspects._show

    async def die(*arguments: object) -> None:
        if is_written:
            await show(*arguments)  # type: ignore[arg-type]
        raise StorageUnavailable("killed")

    with monkeypatch.context() as patch:
        patch.setattr(Suspects, "_show", die)
        with pytest.raises(StorageUnavailable):
            await reading.read(incident.id)
    assert await stored_card(desk, incident.id) is None
    for _ in range(2):  # dead after its commit, it runs once more
        assert await reading.read(incident.id) is None
    await desk.work()
    assert [one.what for one in (await card_of(desk, incident)).changes] == ["#12 決済の再試行"]
    assert desk.sent(CARD) == ["incident"]
    assert len(source.asked) == 2
