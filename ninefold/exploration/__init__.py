"""What a data scientist draws by hand: relations, gaps, outliers, whether more rows would help.

`explore` looks at train rows only, since the target is among what it looks at.
"""
