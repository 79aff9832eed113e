"""The rules: pure values and decisions, standard library only, no clock of their own."""
