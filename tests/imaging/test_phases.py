"""4D series: phases by what parts them, each a display set with a label."""

import pytest

from surgery_assist.imaging.phases import DIMENSIONS, parted
from tests.helpers.dicom import ct_slice, opened, save, sets_of


def values(**named):
    return tuple(str(named.get(dimension.name, "")) for dimension in DIMENSIONS)


def parts(frames):
    places, described = zip(*frames, strict=True)
    order = list(range(len(frames)))
    return [(phase.label, len(phase.indices)) for phase in parted(places, described, order)]


def test_frames_at_different_places_are_one():
    assert parts([(place, values(echo_time=place)) for place in range(5)]) == [("", 5)]


@pytest.mark.parametrize(
    ("name", "given", "labels"),
    [
        ("b_value", ["1000", "0", "50"], ["b 0", "b 50", "b 1000"]),
        ("echo_time", ["80", "9.5"], ["TE 9.5 ms", "TE 80 ms"]),
        ("energy", ["140", "80"], ["80 kV", "140 kV"]),
        ("cardiac_share", ["75", "40"], ["40 %", "75 %"]),
        ("trigger_time", ["300", "20"], ["t 20 ms", "t 300 ms"]),
        ("temporal_index", ["2", "1", "3"], ["1/3", "2/3", "3/3"]),
        ("kind", ["M\\SE", "P\\SE"], ["M SE", "P SE"]),
    ],
)
def test_phases_are_parted_and_sorted_by_value(name, given, labels):
    frames = [(place, values(**{name: value})) for value in given for place in range(4)]
    assert parts(frames) == [(label, 4) for label in labels]


def test_repetitions_within_a_phase_are_numbered():
    """One b=0 and three directions of b=1000, as diffusion is recorded."""
    frames = [
        (place, values(b_value=b)) for b in ("0", "1000", "1000", "1000") for place in range(4)
    ]
    assert parts(frames) == [("b 0", 4), *((f"b 1000 {n}/3", 4) for n in (1, 2, 3))]


def test_two_dimensions():
    frames = [
        (place, values(echo_time=te, temporal_index=t))
        for te in ("10", "20")
        for t in ("1", "2")
        for place in range(4)
    ]
    labels = ["TE 10 ms 1/2", "TE 10 ms 2/2", "TE 20 ms 1/2", "TE 20 ms 2/2"]
    assert parts(frames) == [(label, 4) for label in labels]


def test_a_slice_that_is_missing_in_one_phase_does_not_stop_the_parting():
    frames = [(place, values(temporal_index=t)) for t in ("1", "2") for place in range(10)]
    del frames[3]
    assert parts(frames) == [("1/2", 9), ("2/2", 10)]


def test_times_that_change_from_slice_to_slice_part_nothing():
    frames = [
        (place, values(acquisition_time=f"1010{place:02d}", b_value=b))
        for b in ("0", "800")
        for place in range(6)
    ]
    assert parts(frames) == [("b 0", 6), ("b 800", 6)]


def test_one_doubled_slice_makes_no_phases():
    frames = [(place, values()) for place in (0, 1, 1, 2, 3, 4)]
    assert parts(frames) == [("", 6)]


def test_phases_are_display_sets_of_one_group(tmp_path):
    number = 0
    for phase in (2, 1):
        for n in range(5):
            number += 1
            dataset = ct_slice(number, 5.0 * n, TemporalPositionIdentifier=phase)
            dataset.SOPInstanceUID = f"1.2.3.{phase}.{n}"
            save(dataset, tmp_path / f"{number}")
    _, catalogue = opened(tmp_path)
    first, second = sets_of(catalogue)
    assert [entry.label for entry in (first, second)] == ["1/2", "2/2"]
    assert first.group == second.group != ""
    assert first.uid != second.uid
    assert {entry.kind for entry in (first, second)} == {"volume"}
    assert [dict(found.arguments) for found in first.details] == [{"phases": 2}]


def test_a_plain_stack_has_no_group(tmp_path):
    for n in range(4):
        save(ct_slice(n, 5.0 * n), tmp_path / f"{n}")
    _, catalogue = opened(tmp_path)
    (entry,) = sets_of(catalogue)
    assert (entry.group, entry.label) == ("", "")
