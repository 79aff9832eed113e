"""Our own tables: one module with its queries for each interface of `bot.services.ports.store`."""
