"""Synthetic patients: Romanian names, valid CNPs, studies spread over the hospitals.

One has a namesake born on the same day, one was registered twice under different spellings.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from usmed_client.protocol.identity import Sex


@dataclass(frozen=True, slots=True)
class DemoStudy:
    """A study that some hospital has."""

    hospital: int
    modality: str
    description: str
    day: date
    images: int


@dataclass(frozen=True, slots=True)
class DemoPatient:
    """A patient; ``numbers`` are those of the hospitals, from the first on.

    ``spellings`` are how the hospitals write the name (family^given); the first is used where
    there is none for a hospital.
    """

    cnp: str
    birth_date: date
    sex: Sex
    numbers: tuple[str, ...]
    spellings: tuple[str, ...]
    studies: tuple[DemoStudy, ...]

    def spelling(self, hospital: int) -> str:
        """How a hospital (from 1) writes the name."""
        return self.spellings[min(hospital, len(self.spellings)) - 1]

    def number(self, hospital: int) -> str:
        """The number at a hospital (from 1)."""
        return self.numbers[min(hospital, len(self.numbers)) - 1]


def with_check_digit(twelve: str) -> str:
    """A CNP from its first twelve digits."""
    weights = "279146358279"
    rest = sum(int(a) * int(b) for a, b in zip(twelve, weights, strict=True)) % 11
    return twelve + str(1 if rest == 10 else rest)


def _cnp(sex: Sex, birth: date, county: int, serial: int) -> str:
    century = 1 if birth.year < 2000 else 5
    first = century + (0 if sex == "M" else 1)
    return with_check_digit(f"{first}{birth:%y%m%d}{county:02d}{serial:03d}")


_MARIN: Final = date(1958, 3, 14)
_TANASE: Final = date(1971, 11, 2)
_LUCA: Final = date(2003, 7, 29)

PATIENTS: Final = (
    DemoPatient(
        _cnp("M", _MARIN, 22, 112), _MARIN, "M",
        ("B-10472", "IS-88120", "CJ-3301"),
        ("Ștefănescu^Marin", "STEFANESCU^MARIN", "\u015etefănescu^Marin Ion"),
        (
            DemoStudy(1, "CT", "CT abdomen", date(2026, 11, 20), 60),
            DemoStudy(2, "CT", "CT torace", date(2025, 2, 11), 48),
            DemoStudy(2, "MR", "RM hepatic", date(2025, 6, 3), 24),
            DemoStudy(3, "CR", "Radiografie toracică", date(2023, 9, 18), 2),
        ),
    ),
    DemoPatient(
        _cnp("F", _TANASE, 40, 205), _TANASE, "F",
        ("B-20933", "IS-70015", "CJ-9120"),
        ("Tănase-Ionescu^Ana Maria", "Tanase Ionescu^Ana-Maria"),
        (
            DemoStudy(1, "MR", "RM genunchi drept", date(2026, 11, 21), 20),
            DemoStudy(3, "CT", "CT genunchi", date(2024, 4, 9), 32),
        ),
    ),
    DemoPatient(
        _cnp("M", _LUCA, 12, 431), _LUCA, "M",
        ("B-31877", "IS-51903"),
        ("Luca^Andrei",),
        (DemoStudy(2, "US", "Ecografie abdominală", date(2026, 8, 30), 4),),
    ),
    # The namesake: the same name and birth date, another person.
    DemoPatient(
        _cnp("M", _MARIN, 35, 518), _MARIN, "M",
        ("B-99001", "IS-99002"),
        ("Ștefănescu^Marin",),
        (DemoStudy(2, "CT", "CT cerebral", date(2022, 1, 5), 16),),
    ),
    # Registered twice: hospital 3 never wrote the CNP down.
    DemoPatient(
        "", _TANASE, "F",
        ("-", "-", "CJ-9988"),
        ("Tănase^Ana",),
        (DemoStudy(3, "CR", "Radiografie genunchi", date(2021, 5, 17), 2),),
    ),
)  # fmt: skip


def expected_instances(patient: DemoPatient) -> int:
    """What a collection for a patient brings together, with what the first hospital has."""
    return sum(study.images for study in patient.studies)
