"""Documents and electrocardiograms as pictures."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from surgery_assist.errors import DecodeError
from surgery_assist.imaging.objects.documents import drawn_page, page_format
from surgery_assist.imaging.objects.sheets import Sheet, document
from surgery_assist.imaging.objects.waveforms import recordings_from
from surgery_assist.imaging.pixels import FrameReader
from surgery_assist.imaging.reader import read_file
from surgery_assist.imaging.records import HeaderError, OtherObject
from tests.helpers.dicom import opened, save, sets_of
from tests.helpers.objects import bare, code, item

PDF = "1.2.840.10008.5.1.4.1.1.104.1"
ECG = "1.2.840.10008.5.1.4.1.1.9.1.1"
RED, BLACK = (1.0, 0.0, 0.0), (0.0, 0.0, 0.0)


def pages(count):
    sheets = []
    for n in range(count):
        sheet = Sheet(100.0, 50.0)
        sheet.line([(10.0, 10.0 + n), (90.0, 10.0 + n)], RED, 1.0)
        sheet.text(10.0, 40.0, "(page) \\", BLACK, 8.0)
        sheets.append(sheet)
    return document(sheets)


def encapsulated(data, tmp_path):
    dataset = bare(PDF, "DOC", "1.2.3.970", SeriesNumber=9)
    dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
    dataset.EncapsulatedDocument = data + b"\0" * (len(data) % 2)
    dataset.EncapsulatedDocumentLength = len(data)
    return save(dataset, tmp_path / "document")


def test_lines_are_where_they_were_drawn():
    wanted = page_format(pages(1), 254.0)
    assert (wanted.pages, wanted.rows, wanted.columns) == (1, 500, 1000)
    picture = drawn_page(pages(1), 0, 254.0)
    red = (picture[:, :, 0] > 200) & (picture[:, :, 1] < 60)
    rows, columns = np.nonzero(red)
    # Round ends reach half the line's width further.
    assert (rows.min(), rows.max()) == pytest.approx((95, 104), abs=1)
    assert (columns.min(), columns.max()) == pytest.approx((95, 904), abs=2)
    assert (picture[320:420, 90:600].max(axis=2) < 60).any()


def test_document_is_a_display_set_of_its_pages(tmp_path):
    encapsulated(pages(3), tmp_path)
    library, catalogue = opened(tmp_path)
    (entry,) = sets_of(catalogue)
    assert (entry.count, entry.source, entry.colour, entry.spacing) == (3, "document", True, None)
    instance = library.instance(entry.frames[0].instance_uid)
    first, second = (FrameReader().read(instance, n).values for n in (0, 1))
    assert first.shape == (entry.rows, entry.columns, 3)
    assert (first != second).any()


@pytest.mark.parametrize("data", [b"%PDF-1.4 nothing", b"no document", pages(1)[:200]])
def test_broken_document_is_refused(tmp_path, data):
    with pytest.raises(HeaderError) as refused:
        read_file(encapsulated(data, tmp_path))
    assert refused.value.reason == "document_unreadable"


def test_document_that_changed_is_an_error(tmp_path):
    instance = read_file(encapsulated(pages(2), tmp_path))
    encapsulated(pages(1), tmp_path)
    with pytest.raises(DecodeError):
        FrameReader().read(instance, 1)


def electrocardiogram(unit="mV", samples=5000):
    """Two leads of 500 Hz: a step of one millivolt after a second, and nothing."""
    step = np.zeros((samples, 2), np.int16)
    step[500:, 0] = 400
    channels = [
        item(
            ChannelSourceSequence=[code(f"Lead {name} (Einthoven)")],
            ChannelSensitivity="0.0025",
            ChannelSensitivityUnitsSequence=[code(unit, unit, "UCUM")],
            ChannelSensitivityCorrectionFactor="1",
            ChannelBaseline="0",
        )
        for name in ("I", "II")
    ]
    group = item(
        NumberOfWaveformChannels=2,
        NumberOfWaveformSamples=samples,
        SamplingFrequency="500",
        ChannelDefinitionSequence=channels,
        WaveformBitsAllocated=16,
        WaveformSampleInterpretation="SS",
    )
    group.add_new(0x54001010, "OW", step.tobytes())
    return bare(ECG, "ECG", "1.2.3.980", WaveformSequence=[group])


def test_step_of_a_millivolt_is_ten_millimetres_high(tmp_path):
    instance = read_file(save(electrocardiogram(), tmp_path / "ecg"))
    assert (instance.source, instance.layout.frames) == ("waveform", 1)
    picture = FrameReader().read(instance).values
    ink = picture.max(axis=2) < 90
    # Lead I: its zero line lies 20 mm down, at 8 pixels a millimetre; the curve begins at 10 mm.
    curve = ink[40:300]
    before, after = (np.nonzero(curve[:, x])[0].mean() for x in (8 * 20, 8 * 60))
    assert before - after == pytest.approx(80, abs=1.5)
    steep = np.nonzero(curve.sum(axis=0) > 60)[0]
    assert steep.mean() == pytest.approx(8 * (10 + 25), abs=2)


def test_long_recording_has_several_sheets(tmp_path):
    instance = read_file(save(electrocardiogram(samples=12_000), tmp_path / "ecg"))
    assert instance.layout.frames == 3


@pytest.mark.parametrize("changes", [{"unit": "mmHg"}, {"samples": 1}])
def test_what_is_no_voltage_stays_an_object(tmp_path, changes):
    found = read_file(save(electrocardiogram(**changes), tmp_path / "ecg"))
    assert isinstance(found, OtherObject)


def test_real_electrocardiogram():
    path = Path(pydicom.__file__).parent / "data" / "test_files" / "waveform_ecg.dcm"
    recordings = recordings_from_file(path)
    leads = [lead.name for lead in recordings[0].leads]
    assert leads == ["I", "II", "III", "aVR", "aVL", "aVF", *(f"V{n}" for n in range(1, 7))]
    expected = pydicom.dcmread(path).waveform_array(0)
    got = np.stack([lead.millivolts for lead in recordings[0].leads], axis=1)
    np.testing.assert_allclose(got * 1000.0, expected, atol=1e-6)


def recordings_from_file(path):
    from surgery_assist.imaging.objects.files import open_elements

    return recordings_from(open_elements(path))
