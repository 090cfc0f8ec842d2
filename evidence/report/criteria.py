"""What the trust services criteria that the catalogue names are about, in a few words of this project's own.

The criteria themselves are the AICPA's TSP section 100 (2017); which of them a control serves is mapped by theme in the
catalogue, and is a reading aid, not an auditor's opinion.
"""

CRITERIA = {
    "A1.1": "Capacity is planned and watched",
    "A1.2": "Backups and the means of recovery",
    "A1.3": "Recovery is tested",
    "C1.1": "Confidential information is identified and protected",
    "C1.2": "Confidential information is disposed of",
    "CC1.1": "Integrity and ethical values",
    "CC1.4": "Competent people",
    "CC2.1": "Information that controls depend on",
    "CC2.3": "Communication with outside parties",
    "CC3.1": "Objectives that risks are weighed against",
    "CC3.2": "Risks are identified and analysed",
    "CC4.1": "Controls are evaluated",
    "CC5.3": "Policies are put into practice",
    "CC6.1": "Logical access to protected information",
    "CC6.2": "Users are registered, and removed",
    "CC6.3": "Access by role and by least privilege",
    "CC6.4": "Physical access",
    "CC6.5": "Assets are given up only when their data is gone",
    "CC6.6": "Threats from outside the boundary",
    "CC6.7": "Information in transit and in movement",
    "CC6.8": "Unauthorised and malicious software",
    "CC7.1": "Vulnerable and changed configurations are detected",
    "CC7.2": "Anomalies are watched for",
    "CC7.3": "Security events are evaluated",
    "CC7.4": "Incidents are answered",
    "CC7.5": "Recovery from incidents",
    "CC8.1": "Changes are authorised, tested and approved",
    "CC9.1": "Risks of disruption are mitigated",
    "CC9.2": "Risks of vendors and partners",
    "P1.1": "Notice of privacy practices",
    "P3.1": "Personal information is collected as stated",
    "P4.1": "Personal information is used as stated",
    "P4.3": "Personal information is disposed of",
    "P5.2": "Personal information is corrected on request",
    "P6.1": "Personal information is disclosed as agreed",
}
