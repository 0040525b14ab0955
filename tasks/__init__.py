"""One file per stage: read declared inputs, call ninefold, write declared outputs."""
