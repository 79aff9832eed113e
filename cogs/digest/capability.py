"""What the folder plugs into the core. `bot.capability` says what each part is."""

from bot.capability import Capability, JobHandling, Tick
from cogs.digest import commands, posts, use_cases
from cogs.digest.use_cases import Digests
from cogs.digest.verdicts import REFRESH

CAPABILITY = Capability(
    name="digest",
    build=use_cases.build,
    jobs={REFRESH: JobHandling(use_cases.refresh, begins_with="guild_of_digest")},
    renderers=posts.RENDERERS,
    deliveries=use_cases.deliveries,
    commands=[commands.digest_group],
    controls=[
        commands.press_more,
        commands.press_ask,
        commands.press_keep,
        commands.press_mute,
        commands.press_drop,
        commands.press_withdraw,
    ],
    ticks=[Tick("digest", Digests.tick, next_at=use_cases.next_post, ahead=use_cases.QUEUED_AHEAD)],
)
