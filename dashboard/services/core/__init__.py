"""Everything that four concerns or more share: the unit of work, the audit log, refusals, form fields."""
