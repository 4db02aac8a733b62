"""Compare the catalogue with what the archive holds, by listing or by content."""
