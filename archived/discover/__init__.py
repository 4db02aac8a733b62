"""Registering what the archive holds: a walk over its listing, compared with the catalogue."""
