"""Proof that the pack watches our own environment: every property that matters is weakened, and a finding must name it.

`environment` builds the stacks as the engine would send them and judges them with their own policy configuration,
`mutants` weakens one property at a time, `survivors` reads the reviewed list of what may go unnoticed and why.
"""
