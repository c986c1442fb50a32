"""The snapshot API: keys, freshness, answers, metrics, the request log."""
