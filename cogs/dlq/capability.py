"""What the folder plugs into the core. `bot.capability` says what each part is."""

from bot.capability import Capability, JobHandling, NumberOf, Tick
from cogs.dlq import commands, posts, screens, use_cases
from cogs.dlq.replays import REPLAY_BATCH, SHOW_BATCH
from cogs.dlq.use_cases import SHOW_BURST, WATCH_S

CAPABILITY = Capability(
    name="dlq",
    build=use_cases.build,
    jobs={
        REPLAY_BATCH: JobHandling(use_cases.run_batch, NumberOf.GUILD),
        SHOW_BATCH: JobHandling(use_cases.show_batch, NumberOf.GUILD),
        SHOW_BURST: JobHandling(use_cases.show_burst, NumberOf.GUILD),
    },
    lost_jobs=["lost_replay_jobs"],
    renderers=posts.RENDERERS,
    deliveries=use_cases.deliveries,
    commands=[commands.dlq_group],
    controls=[
        commands.press_page,
        commands.press_numbered,
        commands.press_filter,
        commands.press_csv,
        commands.press_json_file,
        commands.press_p0_email,
        commands.press_http_status,
        commands.choose_entry,
        commands.press_json,
        commands.press_all,
        commands.press_preview,
        commands.press_other_target,
        commands.press_replay,
        commands.press_replay_to,
        commands.press_start,
        commands.press_stop,
        commands.press_results,
        commands.press_turn,
    ],
    forms={screens.FILTER_FORM: commands.send_filter},
    inputs=screens.INPUTS,
    ticks=[Tick("DLQ watch", use_cases.watch, every_s=WATCH_S)],
)
