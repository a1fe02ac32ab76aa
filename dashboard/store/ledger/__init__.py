"""The ledger, outbox events and metric counters."""
