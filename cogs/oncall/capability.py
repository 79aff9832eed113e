"""What the folder plugs into the core. `bot.capability` says what each part is."""

from bot.capability import Capability, JobHandling, NumberOf
from cogs.oncall import commands, posts, screens, use_cases
from cogs.oncall.changes import record_override
from cogs.oncall.handovers import HANDOVER, REACH

CAPABILITY = Capability(
    name="oncall",
    build=use_cases.build,
    jobs={
        HANDOVER: JobHandling(use_cases.hand_over, NumberOf.GUILD),
        REACH: JobHandling(use_cases.look_ahead, NumberOf.GUILD),
    },
    lost_jobs=["lost_handover_jobs"],
    renderers=posts.RENDERERS,
    deliveries=use_cases.deliveries,
    begin=use_cases.begin,
    overrides=record_override,
    commands=[commands.oncall_group],
    controls=[
        commands.press_month,
        commands.press_end,
        commands.choose_end,
        commands.press_end_confirmed,
        commands.press_clear,
        commands.press_rotate,
        commands.press_undo,
        commands.press_import,
        commands.press_leave_import,
    ],
    forms={screens.NOTIFY_FORM: commands.send_notify},
)
