"""Planted leaks and honest tables that the leakage audit is measured on."""
