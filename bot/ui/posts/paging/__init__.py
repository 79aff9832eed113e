"""The messages that call people: the DM, the escalation, bundles of them, emails, pages outside Discord.

Also here: handovers between people on call, what is posted while the database is away, and the thread's lines
about people who pass an alert on or let go. All other posts of an incident are in `bot.ui.posts.incident`.
"""
