"""Bringing recordings back from the archive, never over a file that differs."""
