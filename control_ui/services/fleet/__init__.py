"""What the fleet's page shows: every site at once, and what was chosen among them."""
