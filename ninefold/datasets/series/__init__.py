"""What all sources of sequences share: a long table, ordered, and the channels it holds."""
