"""What pages read: one query and one frozen value each."""
