"""Sessions made of values, for tests that need no files."""

from surgery_assist.commands.cases import with_study
from surgery_assist.model.geometry import ImagePlane
from surgery_assist.model.session import Session
from surgery_assist.model.study import (
    Catalogue,
    DisplaySet,
    FrameRef,
    Patient,
    Series,
    Study,
    Window,
)
from surgery_assist.model.units import DisplaySetUID, SeriesUID, StudyUID

PATIENT = Patient("p1", "1001", "POPESCU Ioana", "1961-04-12", "F")
OTHER = Patient("p2", "1002", "IONESCU Dan", "1950-01-02", "M")
SOFT_TISSUE = Window(40.0, 400.0)
AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
CORONAL = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0))


def display_set(
    uid: str = "1.1",
    *,
    count: int = 20,
    spacing: float = 2.0,
    modality: str = "CT",
    directions=AXIAL,
    frame_of_reference: str = "for1",
    rows: int = 512,
    columns: int = 512,
    window: Window | None = SOFT_TISSUE,
    colour: bool = False,
    start: float = 0.0,
) -> DisplaySet:
    """A stack along the normal of its directions."""
    row, column = directions
    normal = ImagePlane((0.0, 0.0, 0.0), row, column, 0.7, 0.7).normal
    frames = tuple(
        FrameRef(
            f"{uid}.{i}",
            0,
            i + 1,
            ImagePlane(
                tuple(axis * (start + i * spacing) for axis in normal), row, column, 0.7, 0.7
            ),
            (row, column),
            () if window is None else (window,),
        )
        for i in range(count)
    )
    return DisplaySet(
        DisplaySetUID(uid),
        SeriesUID(uid),
        "volume" if count > 1 else "single",
        rows,
        columns,
        frames,
        modality,
        (0.7, 0.7, spacing),
        1.0,
        "patient",
        frame_of_reference,
        colour=colour,
    )


def study(
    uid: str = "1",
    *sets: DisplaySet,
    patient: Patient = PATIENT,
    date: str = "2026-11-01",
) -> Study:
    """A study with one series for each display set."""
    series = tuple(
        Series(entry.series_uid, number, entry.modality, f"Series {number}", (entry,))
        for number, entry in enumerate(sets, 1)
    )
    return Study(StudyUID(uid), patient, date, "10:00", "CT abdomen", "A1", series)


def session_with(*studies: Study) -> Session:
    """The first study in front."""
    session = Session(catalogue=Catalogue(studies=studies))
    return with_study(session, studies[0])


def ct_session(count: int = 20) -> Session:
    """One CT series of one patient."""
    return session_with(study("1", display_set(count=count)))
