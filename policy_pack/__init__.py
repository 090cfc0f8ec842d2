"""The policy pack: rules over the resources of any Pulumi AWS program, each tied to a promise and its controls.

To add a rule, write a function and its examples in the file of its promise under `rules/`.
"""
