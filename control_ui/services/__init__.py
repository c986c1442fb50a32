"""What can be done. A service takes a session and an actor, owns the transaction, and leaves its trace in the audit
trail."""
