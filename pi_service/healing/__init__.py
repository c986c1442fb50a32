"""What can be wrong with a Pi, and what it may do about it."""
