"""Turns what the engine says about a preview or an update into what an auditor reads. Nothing is here yet."""
