"""When AWS stops mending a version: the product and its version in, the last day of standard support out.

Lambda's days are those that cfn-lint 1.58.0 carries of the Lambda Developer Guide, "Lambda runtimes". EKS's were
compared with the source of the EKS User Guide (github.com/awsdocs/amazon-eks-user-guide), "Understand the Kubernetes
version lifecycle on EKS". Those of the databases belong to the "Release calendars" of RDS and Aurora, of which
PostgreSQL 11 and 12 were compared, and Aurora MySQL 5.7 with the Aurora User Guide, "Using RDS Extended Support".
Those of brokers are the Amazon MQ Developer Guide's, "Managing engine versions", which names none for the newest.
The last day of EKS's images of Amazon Linux 2 is the one that their source names (github.com/awslabs/amazon-eks-ami).
What could not be compared with a text of AWS's is marked unverified; DescribeDBMajorEngineVersions and
DescribeClusterVersions tell. Standard support counts: extended support is paid for, and ends too.
"""

from __future__ import annotations

import datetime

_NOT_ANNOUNCED = "9999-12-31"
_LAST_DAYS: dict[str, dict[str, str]] = {
    "lambda": {
        "dotnet10": "2028-11-14",
        "dotnet6": "2024-12-20",
        "dotnet8": "2026-11-10",
        "dotnet9": "2026-11-10",
        "dotnetcore1.0": "2019-06-27",
        "dotnetcore2.0": "2019-05-30",
        "dotnetcore2.1": "2022-01-05",
        "dotnetcore3.1": "2023-04-03",
        "go1.x": "2024-01-08",
        "java11": "2027-06-30",
        "java17": "2027-06-30",
        "java21": "2029-06-30",
        "java25": "2029-06-30",
        "java8": "2024-01-08",
        "java8.al2": "2027-06-30",
        "nodejs": "2016-08-30",
        "nodejs10.x": "2021-07-30",
        "nodejs12.x": "2023-03-31",
        "nodejs14.x": "2023-12-04",
        "nodejs16.x": "2024-06-12",
        "nodejs18.x": "2025-09-01",
        "nodejs20.x": "2026-04-30",
        "nodejs22.x": "2027-04-30",
        "nodejs24.x": "2028-04-30",
        "nodejs4.3": "2020-03-05",
        "nodejs4.3-edge": "2020-03-05",
        "nodejs6.10": "2019-08-12",
        "nodejs8.10": "2020-03-06",
        "provided": "2024-01-08",
        "provided.al2": "2026-07-31",
        "provided.al2023": "2029-06-30",
        "python2.7": "2021-07-15",
        "python3.10": "2026-10-31",
        "python3.11": "2027-06-30",
        "python3.12": "2028-10-31",
        "python3.13": "2029-06-30",
        "python3.14": "2029-06-30",
        "python3.6": "2022-07-18",
        "python3.7": "2023-12-04",
        "python3.8": "2024-10-14",
        "python3.9": "2025-12-15",
        "ruby2.5": "2021-07-30",
        "ruby2.7": "2023-12-07",
        "ruby3.2": "2026-03-31",
        "ruby3.3": "2027-03-31",
        "ruby3.4": "2028-03-31",
        "ruby4.0": "2029-03-31",
    },
    "eks": {
        "1.28": "2024-11-26",  # unverified
        "1.29": "2025-03-23",
        "1.30": "2025-07-23",
        "1.31": "2025-11-26",
        "1.32": "2026-03-23",
        "1.33": "2026-07-29",
        "1.34": "2026-12-02",
        "1.35": "2027-03-27",  # unverified
    },
    "eks-image": {
        "AL2": "2025-11-26",
    },
    "postgresql": {
        "11": "2024-02-29",
        "12": "2025-02-28",
        "13": "2026-02-28",  # unverified
        "14": "2027-02-28",  # unverified
        "15": "2028-02-29",  # unverified
        "16": "2029-02-28",  # unverified
        "17": "2030-02-28",  # unverified
    },
    "mysql": {
        "5.7": "2024-02-29",  # unverified
        "8.0": "2026-07-31",  # unverified
        "8.4": "2029-07-31",  # unverified
    },
    "aurora-mysql": {
        "5.7": "2024-10-31",
        "8.0": "2028-04-30",  # unverified
    },
    "activemq": {
        "5.15": "2024-09-16",
        "5.16": "2024-11-15",
        "5.17": "2025-06-16",
        "5.18": _NOT_ANNOUNCED,
        "5.19": _NOT_ANNOUNCED,
    },
    "rabbitmq": {
        "3.9": "2024-09-16",
        "3.10": "2024-10-15",
        "3.11": "2025-02-17",
        "3.12": "2025-03-17",
        "3.13": _NOT_ANNOUNCED,
        "4.2": _NOT_ANNOUNCED,
    },
}


def last_day(product: str, version: str) -> datetime.date | None:
    """Return the last day of standard support of a version such as `17.4`.

    The longest known beginning of the version counts. A version older than every known one ended long ago; of a newer
    one nothing is known yet, and None is returned.
    """
    known = _LAST_DAYS[product]
    parts = version.split(".")
    for length in range(len(parts), 0, -1):
        found = known.get(".".join(parts[:length]))
        if found:
            return datetime.date.fromisoformat(found)
    if product != "lambda" and _number(version) < min(map(_number, known)):
        return datetime.date.min
    return None


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split(".")[:2])
