"""Everything that four concerns or more share: authentication, errors, parsing, resources."""
