"""Families of rules that a suite is drafted from: one file each, found by `expectations.draft`.

A family has `ORDER` and `rules(sample)`, which yields what its sample of train rows showed.
"""
