"""The audit trail: appended to by every service that changes something, verified link by link."""
