"""Secrets in files, in values and in memory: who may read the file, what shows the value, who sees the process."""
