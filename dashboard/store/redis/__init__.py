"""Everything that Redis keeps."""
