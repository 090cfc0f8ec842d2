"""Signs a manifest and checks signatures: ECDSA on P-256 with SHA-256, by a key in a file or in AWS KMS.

The signature is a DSSE envelope (https://github.com/secure-systems-lab/dsse) around an in-toto Statement v1, whose only
subject is the manifest. The envelope is canonical JSON, so that no byte of it can be changed unnoticed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from evidence.canonical import decode, encode
from evidence.console import EvidenceError

KMS = "awskms://"
MANIFEST = "manifest.json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://hedgerow.example/evidence/bundle/v1"
_PRIVATE = 0o600


@dataclass(frozen=True)
class Signer:
    """Signs bytes; `public` is the key to check it with."""

    sign: Callable[[bytes], bytes]
    public: ec.EllipticCurvePublicKey


def generate_key(path: Path) -> Path:
    """Write a new private key that only its owner may read, and the public key beside it, whose path is returned.

    Raises:
        EvidenceError: there is a file already.
    """
    public = path.with_suffix(".pub.pem")
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as file:
            file.write(pem)
        public.write_bytes(public_pem(key.public_key()))
    except FileExistsError:
        raise EvidenceError(f"{path} is there already: a key that has signed is not replaced") from None
    except OSError as error:
        raise EvidenceError(f"{error.filename}: {error.strerror}") from None
    return public


def public_pem(key: ec.EllipticCurvePublicKey) -> bytes:
    """Return a public key as PEM."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def load_signer(key: str) -> Signer:
    """Return the signer of a PEM file, or of a KMS key `awskms:///ID`, where ID is an id, an alias or an ARN.

    Raises:
        EvidenceError: the key can't be had, isn't on P-256, or others may read its file.
    """
    if key.startswith(KMS):
        return _kms_signer(key)
    private = _private_key(Path(key))
    algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    return Signer(lambda data: private.sign(data, algorithm), private.public_key())


def load_public_key(path: Path) -> ec.EllipticCurvePublicKey:
    """Return the public key of a PEM file. Raises EvidenceError if it holds none on P-256."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise EvidenceError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise EvidenceError(f"{path} holds no public key in PEM") from None
    return _on_p256(key, str(path))


def _on_p256(key: object, where: str) -> ec.EllipticCurvePublicKey:
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise EvidenceError(f"{where} is no key on the curve P-256")
    return key


def _private_key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        if path.stat().st_mode & 0o077:
            raise EvidenceError(f"{path} can be read by others: chmod 600 it, or make a new key")
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except FileNotFoundError:
        raise EvidenceError(f"there is no key {path}: make one with `python -m evidence keygen {path}`") from None
    except OSError as error:
        raise EvidenceError(f"{path}: {error.strerror}") from None
    except (TypeError, ValueError):
        raise EvidenceError(f"{path} holds no unencrypted private key in PEM") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise EvidenceError(f"{path} is no key on the curve P-256")
    _on_p256(key.public_key(), str(path))
    return key


def _kms_signer(url: str) -> Signer:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    name = url.removeprefix(KMS).lstrip("/")
    if not name:
        raise EvidenceError(f"{url} names no key: write awskms:///ID, awskms:///alias/NAME or awskms:///ARN")
    region = name.split(":")[3] if name.startswith("arn:") and name.count(":") >= 5 else None
    try:
        kms = boto3.client("kms", region_name=region)
        answer = kms.get_public_key(KeyId=name)
    except (BotoCoreError, ClientError) as error:
        raise EvidenceError(f"{url}: {error}") from None
    public = _on_p256(serialization.load_der_public_key(answer["PublicKey"]), url)

    def sign(data: bytes) -> bytes:
        try:
            signed = kms.sign(
                KeyId=name,
                Message=data,
                MessageType="RAW",
                SigningAlgorithm="ECDSA_SHA_256",
            )
        except (BotoCoreError, ClientError) as error:
            raise EvidenceError(f"{url}: {error}") from None
        return bytes(signed["Signature"])

    return Signer(sign, public)


def key_id(key: ec.EllipticCurvePublicKey) -> str:
    """Return the SHA-256 of a public key's DER form."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def attest(manifest: bytes, signer: Signer) -> bytes:
    """Return the envelope that signs a manifest."""
    statement = {
        "_type": STATEMENT,
        "predicateType": PREDICATE,
        "subject": [{"name": MANIFEST, "digest": {"sha256": hashlib.sha256(manifest).hexdigest()}}],
    }
    payload = encode(statement)
    signature = signer.sign(_pae(payload))
    return encode(
        {
            "payloadType": PAYLOAD_TYPE,
            "payload": base64.b64encode(payload).decode(),
            "signatures": [{"keyid": key_id(signer.public), "sig": base64.b64encode(signature).decode()}],
        }
    )


def check_attestation(envelope: bytes, manifest: bytes, key: ec.EllipticCurvePublicKey) -> None:
    """Check that an envelope is by a key, and about a manifest.

    Raises:
        EvidenceError: it is not; the text says in what.
    """
    outer = decode(envelope, "the envelope")
    try:
        (signature,) = outer["signatures"]
        payload, signed, name = _unbase64(outer["payload"]), _unbase64(signature["sig"]), signature["keyid"]
    except (LookupError, TypeError, ValueError, AttributeError):
        raise EvidenceError("the envelope is no DSSE envelope with one signature") from None
    if outer.keys() != {"payload", "payloadType", "signatures"} or signature.keys() != {"keyid", "sig"}:
        raise EvidenceError("the envelope says more than a DSSE envelope does")
    if outer["payloadType"] != PAYLOAD_TYPE:
        raise EvidenceError("the envelope holds no in-toto statement")
    if name != key_id(key):
        raise EvidenceError("the envelope is signed by another key")
    try:
        key.verify(signed, _pae(payload), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise EvidenceError("the signature does not fit") from None
    _check_statement(decode(payload, "the statement"), manifest)


def _check_statement(statement: Any, manifest: bytes) -> None:
    digest = hashlib.sha256(manifest).hexdigest()
    expected = [{"name": MANIFEST, "digest": {"sha256": digest}}]
    if not isinstance(statement, dict) or statement.get("_type") != STATEMENT:
        raise EvidenceError("the signed statement is no in-toto Statement v1")
    if statement.get("predicateType") != PREDICATE:
        raise EvidenceError("the signed statement is not about a bundle of evidence")
    if statement.get("subject") != expected:
        raise EvidenceError(f"{MANIFEST} is not the one that was signed")


def _unbase64(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:  # the last character has bits that say nothing
        raise binascii.Error
    return data


def _pae(payload: bytes) -> bytes:
    """Return what is signed: DSSE's pre-authentication encoding."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
