"""Who a patient is, as one gateway tells another. Never logged, never part of a URL."""

from datetime import date
from typing import Literal

from pydantic import Field

from usmed_client.protocol.message import PrivateMessage

Sex = Literal["M", "F", "O", ""]


class Identifier(PrivateMessage):
    """A number that somebody gave to the patient; ``issuer`` ``"CNP"`` is the state's."""

    value: str = Field(min_length=1, max_length=64)
    issuer: str = ""


class Identity(PrivateMessage):
    """Identifiers and demographics of one patient, as the asking hospital confirmed them."""

    identifiers: tuple[Identifier, ...] = ()
    family_name: str = ""
    given_name: str = ""
    former_names: tuple[str, ...] = ()
    birth_date: date | None = None
    sex: Sex = ""


class PatientRecord(PrivateMessage):
    """A patient of the local hospital, as a search finds one."""

    patient_id: str
    name: str
    birth_date: date | None = None
    sex: Sex = ""
    studies: int = 0
