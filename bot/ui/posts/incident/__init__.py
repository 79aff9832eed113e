"""The posts of one incident: its alert, its thread with the cards, and the lines that follow there.

Also here: the DMs about what people owe an incident, as action items, roles and the postmortem. The messages
that call people to an incident are in `bot.ui.posts.paging`.
"""
