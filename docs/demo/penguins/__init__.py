"""The steps of the demo: plain functions, Python's standard library only."""
