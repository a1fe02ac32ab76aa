"""A conversation's page, the list of conversations, labels."""
