"""Simulate Discord on loopback: REST v10, the gateway, a web page, and an API that acts for people.

It is written from Discord's documentation (discord/discord-api-docs) and OpenAPI description, never from a
client library: a fake built from a client repeats the client's misunderstandings.

To test a bot, use `running.running_discord`, or the fixture of `pytest_plugin`. Packages and modules::

    running         start a local Discord in this process, with a client for its people
    client/         typed client of the human side
    server          serve everything on one port: start, stop, restart
    core            the state and services of one local Discord
    world/          guild, channels, members, messages, permissions, interactions, ids, and the state file
    errors, forms   Discord's error answers; validation of request bodies (50035 with nested errors)
    refusals        why a person may not do something, in words for the page
    messages/       content of messages, components, attachments, reactions, and the rules of posting
    interactions/   application commands, clicks and forms, and the bot's responses
    gateway/        WebSocket sessions, intents and events
    rest/           the pipeline of a request, and a module per resource in resources/
    ratelimit       the buckets that requests are counted in
    faults/         injected faults
    human/          HTTP routes that act for people, inject faults and show the log
    live/           the web page, which runs the scripts in page/
    log             the record of each request and gateway frame
"""
