"""`doctor --live`: what the bot relies on, tried on Discord itself, beside what the local Discord says.

Each trial is a function that looks at one thing and returns what it saw; `runner` lists them in
order and runs them, and expected.json has what each sees in the local Discord.
"""
