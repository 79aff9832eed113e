"""The screens about owed postmortems and about their documents."""
