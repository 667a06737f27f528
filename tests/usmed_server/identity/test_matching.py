"""Who is the same: each rule with its own people."""

from datetime import date

import pytest

from usmed_client.protocol.identity import Identifier, Identity
from usmed_server.demo.people import with_check_digit
from usmed_server.gateway.identity.cnp import read_cnp
from usmed_server.gateway.identity.matching import Verdict, compare
from usmed_server.gateway.identity.names import fold

BIRTH = date(1958, 3, 14)
CNP = with_check_digit("158031422112")
OTHER_CNP = with_check_digit("158031435518")


def who(name: str = "Ștefănescu^Marin", cnp: str = CNP, **changes: object) -> Identity:
    family, given = name.split("^")
    numbers = (Identifier(value=cnp, issuer="CNP"),) if cnp else ()
    values = {"identifiers": numbers, "birth_date": BIRTH, "sex": "M"} | changes
    return Identity(family_name=family, given_name=given, **values)


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (who(), who("STEFANESCU^MARIN"), Verdict.SAME),
        (who(), who("\u015etef\u0103nescu^Marin"), Verdict.SAME),  # cedilla
        (who(), who("Stefanescu^Marin", identifiers=()), Verdict.POSSIBLE),
        (who(), who(cnp=OTHER_CNP), Verdict.OTHER),  # the namesake of the same day
        (who(), who("Tănase^Ana"), Verdict.POSSIBLE),  # somebody else's number on the record
        (who(), who(birth_date=date(1971, 1, 1)), Verdict.POSSIBLE),
        (who(cnp=""), who("Marin^Stefanescu", ""), Verdict.POSSIBLE),
        (who(cnp=""), who(cnp="", birth_date=date(1958, 4, 14)), Verdict.POSSIBLE),
        (who(cnp=""), who("Popescu^Marin", ""), Verdict.POSSIBLE),  # another family name since?
        (who(cnp=""), who("Ștefănescu^Ion", ""), Verdict.POSSIBLE),
        (who(cnp=""), who("Popescu^Ion", ""), Verdict.OTHER),
        (who(cnp=""), who("Popescu^Marin", "", sex="F"), Verdict.OTHER),
        (who(cnp=""), who("Popescu^Ion", "", birth_date=date(1990, 1, 1)), Verdict.OTHER),
        (who(cnp=""), who("Popa-Ștefănescu^Marin Ion", ""), Verdict.POSSIBLE),
        (Identity(), Identity(), Verdict.OTHER),
    ],
)
def test_rules(one: Identity, other: Identity, verdict: Verdict) -> None:
    assert compare(one, other).verdict is verdict
    assert compare(other, one).verdict is verdict


def test_married_since() -> None:
    one = who("Popa^Ana", "")
    other = who("Ionescu^Ana", "", former_names=("Popa",))
    assert compare(one, other).verdict is Verdict.POSSIBLE


def test_numbers_of_a_hospital_count_only_with_their_issuer() -> None:
    """4711 exists in every hospital."""

    def numbered(name: str, issuer: str) -> Identity:
        return who(name, "", identifiers=(Identifier(value="4711", issuer=issuer),))

    same = numbered("Ștefănescu^Marin", "H1")
    assert compare(same, numbered("Stefanescu^Marin", "H1")).verdict is Verdict.SAME
    assert compare(same, numbered("Stefanescu^Marin", "")).verdict is Verdict.POSSIBLE
    assert compare(same, numbered("Popa^Ion", "H2")).verdict is Verdict.OTHER


@pytest.mark.parametrize(
    "text",
    ["", "1", CNP[:-1], CNP[:-1] + str((int(CNP[-1]) + 1) % 10), "9" * 13, "1991399" + "0" * 6],
)
def test_no_personal_number(text: str) -> None:
    assert read_cnp(text) is None


def test_personal_number_tells_birth_and_sex() -> None:
    number = read_cnp(f" {CNP[:7]}-{CNP[7:]} ")
    assert number is not None
    assert (number.birth_date, number.sex) == (BIRTH, "M")


@pytest.mark.parametrize(
    ("name", "folded"),
    [("Ștefănescu-Țîru", "STEFANESCU TIRU"), ("\u0163\u00eeru", "TIRU"), ("Groß", "GROSS"),
     ("S\u0326tefan", "STEFAN"), ("  a  b ", "A B"), ("", "")],
)  # fmt: skip
def test_fold(name: str, folded: str) -> None:
    assert fold(name) == folded
