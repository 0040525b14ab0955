"""Commands of `ninefold` that run flows; one file each."""
