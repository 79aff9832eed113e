"""What changed before an incident began, and whether it is rolled back."""
