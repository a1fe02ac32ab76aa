"""The live board and its fragments."""
