"""Devices: the sites they stand at, how they become known, what they tell, and how they are found and grouped."""
