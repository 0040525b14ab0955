"""Commands of `ninefold` that read or draft a workspace; one file each."""
