"""Verifying that the archive holds what the catalogue says: sizes by listing, contents by reading or by a transfer."""
