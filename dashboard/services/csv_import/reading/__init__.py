"""Reading of a CSV file: from bytes to checked rows."""
