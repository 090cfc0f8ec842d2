"""Signatures are made by keys in files and in KMS, and are checked without us."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evidence import bundle, signing
from evidence.console import EvidenceError
from evidence.signing import generate_key, load_signer, public_pem
from evidence.sources import Source
from evidence.store import open_store
from tests.evidence.stores import wrong


def test_openssl_alone_verifies_a_signature(made: Path, key: Path, tmp_path: Path) -> None:
    envelope = json.loads((made / "manifest.dsse.json").read_text())
    payload = base64.b64decode(envelope["payload"])
    kind = envelope["payloadType"].encode()
    (tmp_path / "signed").write_bytes(b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload))
    (tmp_path / "signature").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    ended = subprocess.run(
        ["openssl", "dgst", "-sha256", "-verify", key.with_suffix(".pub.pem"), "-signature", "signature", "signed"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout == "Verified OK\n", ended.stderr


def test_a_private_key_is_its_owners_alone_and_is_never_replaced(tmp_path: Path) -> None:
    generate_key(tmp_path / "key.pem")
    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600
    with pytest.raises(EvidenceError, match="is there already"):
        generate_key(tmp_path / "key.pem")
    (tmp_path / "key.pem").chmod(0o640)
    with pytest.raises(EvidenceError, match="can be read by others"):
        load_signer(str(tmp_path / "key.pem"))


@pytest.mark.parametrize("by", ["KeyId", "Arn", "alias"])
def test_a_kms_key_signs_by_id_arn_or_alias(
    tmp_path: Path, logs: list[Path], aws: Callable[[str], Any], by: str
) -> None:
    kms = aws("kms")
    made = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    kms.create_alias(AliasName="alias/evidence", TargetKeyId=made["KeyId"])
    name = made.get(by, "alias/evidence")
    signer = load_signer(f"{signing.KMS}/{name}")
    (tmp_path / "key.pub.pem").write_bytes(public_pem(signer.public))
    where = bundle.collect([Source(logs[0])], open_store(str(tmp_path / "store")), signer, time=None, jobs=1)[0]
    assert wrong(tmp_path / "store", tmp_path / "key.pem") == []
    Path(where, "documents", "results.csv").write_bytes(b"")
    assert wrong(tmp_path / "store", tmp_path / "key.pem") != []


def test_a_kms_key_that_signs_nothing_is_refused(aws: Callable[[str], Any]) -> None:
    made = aws("kms").create_key()["KeyMetadata"]["Arn"]
    with pytest.raises(EvidenceError) as raised:
        load_signer(f"{signing.KMS}/{made}")
    assert "\n" not in str(raised.value)
