"""From a source's cells to typed Arrow columns: delimited text, parsing, inference, profile."""
