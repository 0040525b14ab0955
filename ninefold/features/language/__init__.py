"""The language of `expression`: parsed, typed, compiled to graph nodes."""
