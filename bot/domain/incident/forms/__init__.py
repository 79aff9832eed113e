"""What the forms about an incident show and take."""
