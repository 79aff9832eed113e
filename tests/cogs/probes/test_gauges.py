"""What monitoring shows of probes."""

from bot.process.metrics import exposition
from bot.storage.tables.statistics import read_figures
from tests.postgres import connect, open_patient_pool


async def test_the_states_of_probes(database_url: str) -> None:
    """Monitoring shows each probe's state by guild and name.

    The prober itself, a probe that cannot be reached and a probe without an answer yet have no figure.
    """
    pool, connection = await open_patient_pool(database_url), await connect(database_url)
    states = {"api": "up", "slow": "degraded", "dead": "down", "far": "cut_off", "young": "new", "": "up"}
    for name, state in states.items():
        await connection.execute("INSERT INTO probes (guild_id, name, state) VALUES (7, $1, $2)", name, state)
    text = exposition({}, latency_s=0.1, incidents=None, figures=await read_figures(pool)).decode()
    await connection.close()
    await pool.close()
    found = {line for line in text.splitlines() if line.startswith("incident_bot_probe_")}
    assert found == {
        'incident_bot_probe_up{guild="7",probe="api"} 1.0',
        'incident_bot_probe_up{guild="7",probe="slow"} 1.0',
        'incident_bot_probe_up{guild="7",probe="dead"} 0.0',
        'incident_bot_probe_degraded{guild="7",probe="api"} 0.0',
        'incident_bot_probe_degraded{guild="7",probe="slow"} 1.0',
        'incident_bot_probe_degraded{guild="7",probe="dead"} 0.0',
    }
