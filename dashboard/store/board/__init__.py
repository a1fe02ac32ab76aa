"""The live board's readers."""
