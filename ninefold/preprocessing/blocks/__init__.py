"""Families of features; each block of them is a handful of graph nodes, however wide it is."""
