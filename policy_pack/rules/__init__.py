"""The rules, one file per promise."""
