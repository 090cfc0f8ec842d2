"""What a pipeline runs on a change, and anyone can run by hand: preview, deploy, comment.

Enters: a stack of a Pulumi program, an engine, the policy pack. Leaves: an exit code that blocks or doesn't, a summary,
a comment's text and a SARIF file. A workflow calls these commands and decides nothing itself.
"""
