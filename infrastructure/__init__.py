"""The US-West AWS environment as a Pulumi program: settings in, resources and their summary out.

Each component is safe as it stands: what protects data is written in it, and its arguments hold only what varies.
"""
