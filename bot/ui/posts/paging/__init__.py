"""The messages that call people: the DM, the escalation, bundles of them, emails, pages outside Discord.

Also here: what is posted while the database is away. All other posts of
an incident are in `bot.ui.posts.incident`, and what both say of its ladder in `bot.ui.posts.escalation`.
"""
