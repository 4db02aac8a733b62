"""What Prometheus is told of a rig: numbers from the store, true also while the daemon is down. Reads, never writes."""
