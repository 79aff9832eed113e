"""What is known and done while the database is away."""
