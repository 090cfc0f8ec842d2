"""Builds actionlint, which checks workflows and which Python's installer can't get, from its Go module."""
