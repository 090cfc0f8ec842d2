"""The first start of a node of the analytics database.

Enters: what the node is and where its backups go. Leaves: `script`, the user data. It holds no secret: S3 is reached
with the node's role, and people reach ClickHouse as users that it knows.
"""

from __future__ import annotations

COMPLETED = "completed"
"""The folder of the notes of completed backups, in the bucket of backups."""

DAILY_AT = "04:00:00"
"""UTC, before the backup plan takes the volumes at five."""


def script(region: str, bucket: str, device: str, shard: int, replica: int) -> str:
    """A shell script that mounts the data volume, says which shard and replica the node is, and backs it up daily.

    An empty volume is formatted; one that holds data is kept. The first replica of a shard backs up the shard, and
    leaves a note when that is done.
    """
    return _START.format(
        backup=_BACKUP.format(bucket=bucket, region=region, shard=shard, note=note_of(shard), at=DAILY_AT)
        if replica == 1
        else "",
        bucket=bucket,
        device=device,
        region=region,
        replica=replica,
        shard=shard,
    )


def note_of(shard: int) -> str:
    """Where in the bucket of backups the notes of a shard are."""
    return f"{COMPLETED}/{shard}/"


_START = """\
#!/bin/bash
set -euo pipefail
until [ -b {device} ]; do sleep 1; done
blkid {device} || mkfs.xfs {device}
mkdir -p /var/lib/clickhouse /etc/clickhouse-server/config.d
grep -q ' /var/lib/clickhouse ' /etc/fstab || echo '{device} /var/lib/clickhouse xfs noatime,nofail 0 2' >> /etc/fstab
mountpoint -q /var/lib/clickhouse || mount /var/lib/clickhouse
cat > /etc/clickhouse-server/config.d/node.xml <<'CONFIG'
<clickhouse>
  <macros><shard>{shard}</shard><replica>{replica}</replica></macros>
  <https_port>8443</https_port>
  <tcp_port_secure>9440</tcp_port_secure>
  <interserver_https_port>9010</interserver_https_port>
  <http_port remove="remove"/>
  <tcp_port remove="remove"/>
  <interserver_http_port remove="remove"/>
  <mysql_port remove="remove"/>
  <postgresql_port remove="remove"/>
  <s3><backups>
    <endpoint>https://{bucket}.s3.{region}.amazonaws.com/</endpoint>
    <use_environment_credentials>true</use_environment_credentials>
  </backups></s3>
</clickhouse>
CONFIG
{backup}systemctl enable --now clickhouse-server
"""

_BACKUP = """\
cat > /usr/local/bin/clickhouse-backup-daily <<'BACKUP'
#!/bin/bash
set -euo pipefail
day="$(date -u +%F)"
to="https://{bucket}.s3.{region}.amazonaws.com/{shard}/$day"
note="https://{bucket}.s3.{region}.amazonaws.com/{note}$day"
clickhouse-client --secure --query "BACKUP ALL EXCEPT DATABASE system TO S3('$to')"
clickhouse-client --secure --query "INSERT INTO FUNCTION s3('$note', 'TSV', 'at DateTime') SELECT now()"
BACKUP
chmod 755 /usr/local/bin/clickhouse-backup-daily
cat > /etc/systemd/system/clickhouse-backup.service <<'UNIT'
[Service]
Type=oneshot
User=clickhouse
ExecStart=/usr/local/bin/clickhouse-backup-daily
UNIT
cat > /etc/systemd/system/clickhouse-backup.timer <<'UNIT'
[Timer]
OnCalendar=*-*-* {at} UTC
Persistent=true
[Install]
WantedBy=timers.target
UNIT
systemctl daemon-reload
systemctl enable --now clickhouse-backup.timer
"""
