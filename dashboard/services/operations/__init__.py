"""Health, retention, idempotency keys."""
