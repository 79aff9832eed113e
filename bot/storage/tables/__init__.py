"""Our own tables: a module for each noun, with its queries beside it and a class that runs them by `Sql`."""
