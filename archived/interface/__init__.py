"""The Python interface: `from archived import Archive`."""
