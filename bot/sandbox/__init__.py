"""A local Discord on loopback: REST v10, the gateway, and a human side to drive it.

Written from Discord's own documentation (discord/discord-api-docs) and its OpenAPI description, never from a
client library: a fake built from the client repeats the client's misunderstandings.

Where to look::

    world, seed          what exists: guild, channels, members, messages, interactions
    clock, snowflake     time (movable) and ids
    permissions          what a member may do where
    payloads             world -> the JSON of the API
    forms, embeds, components, modals, mentions
                         what a request may contain
    posting, threads     the rules of messages, threads and reactions
    commands, options, interactions, responses
                         application commands and their answers
    intents, sessions, gateway
                         the WebSocket side
    rest/                one module per resource, and the pipeline each request runs through
    human/               what people do: run commands, click, react, read; plus faults and the log
    server               composition: sockets, start, stop
"""
