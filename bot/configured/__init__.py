"""The integrations that the settings and a guild's policy configure, each made when it is first needed.

`bot.integrations` speaks with systems and knows no settings; here the settings choose among them.
"""
