"""A local Discord on loopback: REST v10, the gateway, and a human side to drive it.

Written from Discord's own documentation (discord/discord-api-docs) and its OpenAPI description, never from a
client library: a fake built from the client repeats the client's misunderstandings.

Where to look::

    world, seed, interaction    what exists: guild, channels, members, messages, interactions
    clock, snowflake            time (movable) and ids
    core, hub, log              the parts everything is given; events to listeners; the record
    kinds, errors, forms        Discord's numbers, its refusals, and 50035 with nested errors
    permissions, access         what a member may do where, and the refusal otherwise
    payloads, message_payloads  world -> the JSON of the API
    drafts, embeds, components, modals, mentions, uploads
                                what a request may contain
    posting, threads, membership, reacting
                                the rules of messages, threads and reactions
    commands, options, interactions, responses, names
                                application commands: registered, used by people, answered by the bot
    events, intents, unruly, sessions, greetings, requests, handshake, opcodes, wire, rules, gateway
                                the WebSocket side
    ratelimit, trigger, faults, freeze
                                what stands in the way of a request or an event
    state, codec                everything that exists, in a file
    rest/                       one module per resource, and the pipeline each request runs through
    human/                      what people do: run commands, click, react, read; plus faults and the log
    client/                     a typed client of the human side
    server                      composition: sockets, start, stop
"""
