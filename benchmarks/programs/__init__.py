"""Programs that a benchmark starts, one process for each sample; what they measure comes as JSON on standard output."""
