"""Facts as words: one reader's or the team's language, times, and what people typed made inert."""
