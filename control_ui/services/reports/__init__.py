"""Reports: what was done (run history), and how well it served (SLA), as CSV, JSON and printable HTML."""
