"""What can be asked over HTTP: the JSON API (`api/`) and the pages (`pages/`). A view parses, calls one service,
renders."""
