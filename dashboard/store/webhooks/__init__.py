"""Webhooks, deliveries, the outbox."""
