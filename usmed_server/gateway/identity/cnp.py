"""The Romanian personal number (CNP): check digit, date, county, and what it tells of its owner."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from usmed_client.protocol.identity import Identity, Sex

CNP_ISSUER: Final = "CNP"
_SHAPE: Final = re.compile(r"\d{13}")


@dataclass(frozen=True, slots=True)
class PersonalNumber:
    """A valid CNP with the birth date and sex that it holds."""

    value: str
    birth_date: date
    sex: Sex


def read_cnp(text: str) -> PersonalNumber | None:
    """A CNP whose check digit, date and county are right, else None."""
    from stdnum.exceptions import ValidationError  # noqa: PLC0415  (slow to import)
    from stdnum.ro import cnp  # noqa: PLC0415

    digits = re.sub(r"[\s-]", "", text)
    if not _SHAPE.fullmatch(digits):
        return None
    try:
        value = cnp.validate(digits)
        birth = cnp.get_birth_date(value)
    except ValidationError:
        return None
    if birth > date.today():  # noqa: DTZ011  (a day's difference does not matter)
        return None
    return PersonalNumber(value, birth, "M" if int(value[0]) % 2 else "F")


def cnp_of(identity: Identity) -> PersonalNumber | None:
    """The CNP among a patient's identifiers, whatever issuer it was filed under.

    Two different ones are none: somebody must look.
    """
    found = {
        number.value: number
        for identifier in identity.identifiers
        if (number := read_cnp(identifier.value)) is not None
    }
    return next(iter(found.values())) if len(found) == 1 else None


def agrees(number: PersonalNumber, identity: Identity) -> bool:
    """Whether birth date and sex, where they are known, are those of the number."""
    right_date = identity.birth_date in (None, number.birth_date)
    right_sex = identity.sex in ("", "O", number.sex)
    return right_date and right_sex
