"""Models in use: batches and requests against their training."""
