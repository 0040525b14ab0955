"""Pictures as inline SVG: no script, no outside font, the same bytes for the same numbers."""
