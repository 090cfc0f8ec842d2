"""The formats in which other tools take evidence: each module has `write(runs, folder)`.

The same runs give the same bytes. No more than one run is held at a time, so that a fleet's evidence is written in the
memory of its largest stack. A run that is incomplete says so in every format.
"""
