"""Turns what the engine says of a stack, and what an account answers, into what an auditor reads."""
