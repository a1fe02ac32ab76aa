"""Metrics, retention, idempotency keys."""
