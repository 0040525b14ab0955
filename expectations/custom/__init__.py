"""Expectations of our own: one file each, found by `expectations.suite.implementations`."""
