"""Everything that four concerns or more share: authentication, forms, formatting, htmx, errors."""
