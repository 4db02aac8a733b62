"""Pages to look at, and the same as JSON, for a browser: read from the store, true also while the daemon is down."""
