"""People: signing in, tokens, users and tenants."""
