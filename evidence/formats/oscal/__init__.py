"""`oscal/`: NIST's Open Security Controls Assessment Language, version 1.2, through compliance-trestle.

`catalog.json` and `component-definition.json` hold the controls and the rules that answer for them,
`mapping-collection.json` what of SOC 2 and NIST SP 800-53 they serve, `assessment-results.json` a result for each run,
and `plan-of-action-and-milestones.json` the waivers, where there are any. Every document has passed trestle's models,
of resources that differ in their names alone one for all.
"""

from __future__ import annotations

from pathlib import Path

from evidence.formats.oscal import assessment, crosswalk, plan
from evidence.results import Runs


def write(runs: Runs, folder: Path) -> None:
    """Write the documents of the runs."""
    documents = folder / "oscal"
    documents.mkdir()
    latest = assessment.write(runs, documents)
    crosswalk.write(latest, documents)
    plan.write(runs, documents)
