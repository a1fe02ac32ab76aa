"""The import of conversations from a CSV file, a module for each step.

decoding (bytes to lines) → records (strict CSV) → layout and columns (header) → values and rows (with notes of dropped
values) → files (both passes) → targets and placing (ids of the account) → writing, updating, holding → report.
"""
