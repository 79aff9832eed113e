"""`/probes` on a connected bot."""

from types import MappingProxyType

from cogs.probes.rules import Probes
from tests.cogs.probes.prober import prober, slow, wrong
from tests.cogs.probes.test_probing import probe, turn
from tests.integration.cogs.console_world import ConsoleWorld, shown


async def test_probes_are_listed_the_worst_first(world: ConsoleWorld) -> None:
    """`/probes` lists the probes of the policy, the worst first, and says so if the policy has none."""
    none = shown(await world.command("probes"))
    assert "プローブはありません" in none["content"]
    probes = {name: probe(name) for name in ("api", "web", "dev")}
    world.policy = world.policy.with_rules(Probes(MappingProxyType(probes)))
    await world.restart()
    await turn(world, begun=False)
    prober(world).says.update(dev=wrong(), web=slow())
    for _ in range(2):
        await turn(world)
    _title, *lines = shown(await world.command("probes"))["content"].splitlines()
    assert [line.split()[:2] for line in lines] == [["⛔", "`dev`"], ["⚠️", "`web`"], ["✅", "`api`"]]
