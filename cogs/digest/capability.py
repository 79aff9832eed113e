"""What the folder plugs into the core. `bot.capability` says what each part is."""

from bot.capability import Capability, Tick
from cogs.digest import commands, posts, use_cases
from cogs.digest.use_cases import Digests

CAPABILITY = Capability(
    name="digest",
    build=use_cases.build,
    renderers=posts.RENDERERS,
    deliveries=use_cases.deliveries,
    commands=[commands.digest_group],
    ticks=[Tick("digest", Digests.tick, next_at=use_cases.next_post, ahead=use_cases.QUEUED_AHEAD)],
)
