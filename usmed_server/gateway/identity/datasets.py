"""The patient of a DICOM data set, and a data set filed under the local patient number."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from usmed_client.protocol.identity import Identifier, Identity, Sex
from usmed_server.gateway.identity.cnp import CNP_ISSUER, read_cnp

if TYPE_CHECKING:
    from pydicom import Dataset

_SEXES: dict[str, Sex] = {"M": "M", "F": "F", "O": "O"}


def identity_of(dataset: Dataset) -> Identity:
    """Who a data set is of (PS3.3 C.2.2, C.7.1.1)."""
    identifiers = [Identifier(value=value, issuer=issuer) for value, issuer in _numbers(dataset)]
    family, given = _name(str(dataset.get("PatientName", "")))
    birth_name = str(dataset.get("PatientBirthName", ""))
    former = (_name(birth_name)[0],) if birth_name else ()
    return Identity(
        identifiers=tuple(identifiers),
        family_name=family,
        given_name=given,
        former_names=tuple(name for name in former if name),
        birth_date=read_date(str(dataset.get("PatientBirthDate", "") or "")),
        sex=_SEXES.get(str(dataset.get("PatientSex", "") or "").strip().upper(), ""),
    )


def _numbers(dataset: Dataset) -> list[tuple[str, str]]:
    found = [(dataset.get("PatientID"), dataset.get("IssuerOfPatientID"))]
    found += [
        (item.get("PatientID"), item.get("IssuerOfPatientID"))
        for item in dataset.get("OtherPatientIDsSequence", None) or ()
    ]
    numbers = []
    for value, issuer in found:
        text = str(value or "").strip()
        if text:
            named = CNP_ISSUER if read_cnp(text) else str(issuer or "").strip()
            numbers.append((text[:64], named))
    return list(dict.fromkeys(numbers))


def _name(text: str) -> tuple[str, str]:
    """Family and given name (with middle name) of the alphabetic group (PS3.5 6.2.1)."""
    group = text.split("=", maxsplit=1)[0].split("^")
    given = " ".join(part.strip() for part in group[1:3] if part.strip())
    return group[0].strip(), given


def read_date(text: str) -> date | None:
    """A DICOM or ISO date, None for none or a wrong one."""
    digits = text.replace("-", "").replace(".", "").strip()
    try:
        return datetime.strptime(digits, "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None


def refile(dataset: Dataset, patient_id: str, issuer: str, source: str) -> None:
    """File a data set under the local number; what it said before is kept inside it.

    The former PatientID goes into OtherPatientIDsSequence and, with the time and the source, into
    OriginalAttributesSequence (PS3.3 C.12.1.1.9).
    """
    from pydicom import Dataset, Sequence  # noqa: PLC0415  (slow to import)

    former_id = str(dataset.get("PatientID", "") or "")
    former_issuer = str(dataset.get("IssuerOfPatientID", "") or "")
    if (former_id, former_issuer) == (patient_id, issuer):
        return
    modified = Dataset()
    modified.PatientID = former_id
    if former_issuer:
        modified.IssuerOfPatientID = former_issuer
    original = Dataset()
    original.AttributeModificationDateTime = datetime.now(UTC).strftime("%Y%m%d%H%M%S.%f+0000")
    original.ModifyingSystem = "USMED"
    original.SourceOfPreviousValues = source[:64]
    original.ReasonForTheAttributeModification = "COERCE"
    original.ModifiedAttributesSequence = Sequence([modified])
    earlier = list(dataset.get("OriginalAttributesSequence", None) or ())
    dataset.OriginalAttributesSequence = Sequence([*earlier, original])
    if former_id:
        other = Dataset()
        other.PatientID = former_id
        if former_issuer:
            other.IssuerOfPatientID = former_issuer
        other.TypeOfPatientID = "TEXT"
        known = list(dataset.get("OtherPatientIDsSequence", None) or ())
        dataset.OtherPatientIDsSequence = Sequence([*known, other])
    dataset.PatientID = patient_id
    dataset.IssuerOfPatientID = issuer
