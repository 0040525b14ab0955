"""Several processes train one network: each differentiates its share of every batch."""
