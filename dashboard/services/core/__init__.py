"""Modules that at least four concerns share: the unit of work, the audit log, refusals, form fields."""
