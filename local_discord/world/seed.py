"""The world at the start: Parky's guild with its channels, roles, people and the bot."""

from base64 import urlsafe_b64encode

from local_discord.world.kinds import ChannelType, extra_of
from local_discord.world.permissions import P
from local_discord.world.world import Application, Channel, Guild, Member, Role, User, World

GUILD_ID = "1100000000000000001"
APPLICATION_ID = "1100000000000000002"
ADMIN_ID = "1100000000000000105"
CHANNELS = ("p0-alerts", "p1-ops", "p2-deploys", "p3-insights", "general")
VOICE_CHANNEL = "war-room"
BOT_NAME = "incident-bot"
_SINCE = "2025-04-01T00:00:00.000000+00:00"

# What Discord gives @everyone in a new server. It is not documented, but what servers made since 2024 show;
# MENTION_EVERYONE and the making of threads are among it. An administrator may take all of it away.
EVERYONE = P(2248473465835073)
# What the bot's invitation asks for, and no more: what it may not do in a server must fail here too.
BOT = (
    P.VIEW_CHANNEL
    | P.SEND_MESSAGES
    | P.SEND_MESSAGES_IN_THREADS
    | P.CREATE_PUBLIC_THREADS
    | P.CREATE_PRIVATE_THREADS
    | P.MANAGE_THREADS
    | P.EMBED_LINKS
    | P.READ_MESSAGE_HISTORY
    | P.ADD_REACTIONS
    | P.MENTION_EVERYONE
)
_ROLES = (
    # id, name, permissions, position
    (GUILD_ID, "@everyone", EVERYONE, 0),
    ("1100000000000000201", "on-call", P(0), 1),
    ("1100000000000000202", "responder", P(0), 2),
    ("1100000000000000203", "admin", P.ADMINISTRATOR, 3),
)
_BOT_ROLE_ID = "1100000000000000204"
_MEMBERS = (
    ("1100000000000000101", "primary", ("on-call", "responder")),
    ("1100000000000000102", "secondary", ("on-call", "responder")),
    ("1100000000000000103", "responder", ("responder",)),
    ("1100000000000000104", "observer", ()),
    (ADMIN_ID, "admin", ("admin",)),
)


class NameTaken(ValueError):
    """A person or a role of the first world is called so."""


def bot_token(application_id: str) -> str:
    """A token of Discord's shape: the id in base64, then two parts that mean nothing here."""
    head = urlsafe_b64encode(application_id.encode()).decode().rstrip("=")
    return f"{head}.local0.this-token-works-only-on-the-local-sandbox"


def user_token(user_id: str) -> str:
    """The OAuth2 access token of *user_id*, for the few routes that only people may use."""
    return f"local-access-token-of-{user_id}"


def default_world(bot_name: str = BOT_NAME) -> World:
    """Make a fresh world with a bot named *bot_name*. Ids are fixed, so that two runs are alike.

    Raises:
        NameTaken: A person or a role has that name.
    """
    if bot_name in {name for _, name, *_ in (*_ROLES, *_MEMBERS)}:
        raise NameTaken(f"a person or a role is called {bot_name!r}: choose another name for the bot")
    application = Application(APPLICATION_ID, bot_name, bot_token(APPLICATION_ID), ADMIN_ID)
    world = World(Guild(GUILD_ID, "Parky", ADMIN_ID), application)
    for role_id, name, bits, position in _ROLES:
        world.roles[role_id] = Role(role_id, name, int(bits), position)
    world.roles[_BOT_ROLE_ID] = Role(_BOT_ROLE_ID, bot_name, int(BOT), len(_ROLES), managed_by=APPLICATION_ID)
    kinds = [(name, ChannelType.TEXT) for name in CHANNELS] + [(VOICE_CHANNEL, ChannelType.VOICE)]
    for position, (name, kind) in enumerate(kinds):
        channel_id = str(1100000000000000301 + position)
        world.channels[channel_id] = Channel(channel_id, kind, name, position=position, extra=extra_of(kind))
    ids = {role.name: role.id for role in world.roles.values()}
    for user_id, name, roles in (*_MEMBERS, (APPLICATION_ID, bot_name, (bot_name,))):
        user = User(user_id, name, bot=user_id == APPLICATION_ID)
        world.users[user_id] = user
        world.members[user_id] = Member(user, [ids[role] for role in roles], _SINCE)
    return world
