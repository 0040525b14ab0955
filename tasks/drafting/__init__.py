"""A new workspace drafted from a table: what `ninefold init` proposes and writes."""
