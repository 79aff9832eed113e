"""Our tables about how incidents were resolved, owed postmortems and their drafts."""
