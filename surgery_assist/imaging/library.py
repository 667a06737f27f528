"""All that has been opened: which files there are, and the Catalogue made of them.

``Library.scan`` reads headers only and yields a growing Catalogue, so that the first image is on
the screen long before the last file was looked at.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from surgery_assist.imaging.archives import forget_archives
from surgery_assist.imaging.display_sets import display_sets
from surgery_assist.imaging.files import walk
from surgery_assist.imaging.isolation.reader import SafeReader
from surgery_assist.imaging.patients import PatientRegister
from surgery_assist.imaging.records import HeaderError, Instance, OtherObject, StudyIdentity
from surgery_assist.model.study import Catalogue, Refusal, Series, Study, StudyObject
from surgery_assist.model.units import SeriesUID, StudyUID

UPDATE_SECONDS: Final = 0.1
_SHOWN_ALONE: Final = frozenset({"report", "key_images", "segmentation", "structures"})
"""Kinds of objects that make a study without images."""
_PUBLISHING_SHARE: Final = 8
"""Reading takes at least this many times longer than sorting what was read, in large series."""
_ASK_EVERY: Final = 256
"""Files listed between two questions whether to go on."""


@dataclass(slots=True)
class _SeriesFiles:
    uid: SeriesUID
    instances: list[Instance] = field(default_factory=list)
    uids: set[str] = field(default_factory=set)
    duplicates: bool = False
    built: Series | None = None


@dataclass(slots=True)
class _StudyFiles:
    uid: StudyUID
    patient_key: str
    first: Instance | StudyIdentity
    series: dict[str, _SeriesFiles] = field(default_factory=dict)


class Library:
    """Knows every opened file. One writer (a scan) and any number of readers at a time."""

    def __init__(self) -> None:
        self.reader = SafeReader()
        """Reads headers and frames; ends with the library, or with `close`."""
        self._lock = threading.RLock()
        self._scanning = threading.Lock()
        self._publish_seconds = 0.0
        self.clear()

    def clear(self) -> None:
        """Forget all that was opened."""
        forget_archives()
        self.reader.forget()
        with self._lock:
            self._patients = PatientRegister()
            self._studies: dict[tuple[str, str], _StudyFiles] = {}
            self._instances: dict[str, Instance] = {}
            self._study_uids: set[str] = set()
            self._series_uids: set[str] = set()
            self._paths: set[Path] = set()
            self._refused: list[Refusal] = []
            self._objects: list[OtherObject] = []
            self._catalogue = Catalogue()

    def warm_up(self) -> None:
        """Start a process for compressed files before one comes; returns at once."""
        threading.Thread(target=self.reader.warm_up, name="warm-up", daemon=True).start()

    def close(self) -> None:
        """End the processes that read files; frames that were decoded stay."""
        self.reader.close()

    @property
    def catalogue(self) -> Catalogue:
        """The latest Catalogue."""
        return self._catalogue

    @property
    def objects(self) -> tuple[OtherObject, ...]:
        """Readable DICOM objects without a picture."""
        with self._lock:
            return tuple(self._objects)

    def instance(self, uid: str) -> Instance | None:
        """The file of an instance, by ``FrameRef.instance_uid``."""
        return self._instances.get(uid)

    def instances(self) -> tuple[Instance, ...]:
        """All image files, in the order of opening."""
        with self._lock:
            return tuple(self._instances.values())

    def scan(
        self, paths: Iterable[Path | str], cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Catalogue]:
        """Read the headers of all files under ``paths``, in the thread that iterates.

        Parameters
        ----------
        paths
            Files, folders (recursive), zip archives and DICOMDIRs; DICOM is told by content, not by suffix.
        cancelled
            Asked before every file; what was read until then stays open.

        Yields
        ------
        Catalogue
            All that is open so far: after the first image, then about ten times a second, and
            in the end (the only one with ``loading`` false).
        """
        with self._scanning:
            queue = self._unread(paths, cancelled)
            seen, last, pause, shown = 0, time.monotonic(), UPDATE_SECONDS, False
            try:
                for path in queue:
                    if cancelled():
                        break
                    is_image = self._add(path)
                    seen += 1
                    now = time.monotonic()
                    if (is_image and not shown) or now - last >= pause:
                        shown = shown or is_image
                        yield self._publish(seen, len(queue), loading=True)
                        last = time.monotonic()
                        pause = max(UPDATE_SECONDS, _PUBLISHING_SHARE * self._publish_seconds)
            finally:  # also when the caller iterates no further
                self._publish(seen, len(queue), loading=False)
            yield self._catalogue

    def _unread(self, paths: Iterable[Path | str], cancelled: Callable[[], bool]) -> list[Path]:
        """Files under the paths that were not read before."""
        found: list[Path] = []
        for place, path in enumerate(walk(map(Path, paths))):
            if place % _ASK_EVERY == _ASK_EVERY - 1 and cancelled():
                break
            if path not in self._paths:
                found.append(path)
        return found

    def _add(self, path: Path) -> bool:
        try:
            found = self.reader.header(path)
        except HeaderError as error:
            with self._lock:
                self._paths.add(path)
                self._refused.append(Refusal(str(path), f"refusal.{error.reason}", error.detail))
            return False
        with self._lock:
            self._paths.add(path)
            if isinstance(found, OtherObject):
                self._objects.append(found)
                return False
            return self._enter(found)

    def _enter(self, instance: Instance) -> bool:
        study = self._study_of(instance)
        series = study.series.get(instance.series_uid)
        if series is None:
            series = _SeriesFiles(SeriesUID(_unique(instance.series_uid, self._series_uids)))
            study.series[instance.series_uid] = series
        series.built = None
        if instance.uid in series.uids:
            series.duplicates = True
            self._refused.append(Refusal(str(instance.path), "refusal.duplicate"))
            return False
        series.uids.add(instance.uid)
        key = instance.uid
        while key in self._instances:  # the same UID elsewhere: another picture
            key += "~"
        if key != instance.uid:
            instance = replace(instance, uid=key)
        self._instances[key] = instance
        series.instances.append(instance)
        return True

    def _study_of(self, found: Instance | StudyIdentity) -> _StudyFiles:
        patient_key = self._patients.key_of(found)
        study = self._studies.get((patient_key, found.study_uid))
        if study is None:
            uid = StudyUID(_unique(found.study_uid, self._study_uids))
            study = _StudyFiles(uid, patient_key, found)
            self._studies[patient_key, found.study_uid] = study
        return study

    def _enter_lone_objects(self) -> None:
        """Studies of which there are no images, but reports or outlines."""
        lone = self._objects_by_study().keys() - {uid for _, uid in self._studies}
        for entry in self._objects:
            identity = entry.identity
            if entry.about is None or entry.about.kind not in _SHOWN_ALONE or identity is None:
                continue
            if identity.study_uid in lone:
                self._study_of(identity)

    def _publish(self, seen: int, total: int, *, loading: bool) -> Catalogue:
        begin = time.monotonic()
        with self._lock:
            if not loading:  # until then their images may still come
                self._enter_lone_objects()
            self._catalogue = Catalogue(
                studies=tuple(self._ordered_studies()),
                refused=tuple(self._refused),
                objects=len(self._objects),
                loading=loading,
                files_seen=seen,
                files_total=total,
            )
            self._publish_seconds = time.monotonic() - begin
            return self._catalogue

    def _objects_by_study(self) -> dict[str, list[StudyObject]]:
        """Objects under the study that they are of, or whose images they are about."""
        opened = {uid for _, uid in self._studies}
        found: dict[str, list[StudyObject]] = {}
        for entry in self._objects:
            if entry.about is None:
                continue
            uid = entry.study_uid
            if uid not in opened:
                images = map(self._instances.get, entry.about.references)
                uid = next((image.study_uid for image in images if image is not None), uid)
            found.setdefault(uid, []).append(self._as_shown(entry.about))
        return found

    def _as_shown(self, about: StudyObject) -> StudyObject:
        """Saved looks compared with how the images are shown without them.

        MONOCHROME1 is inverted already; a presentation state takes its place (PS3.3 C.11.6).
        """
        if not about.looks:
            return about
        looks = []
        for look in about.looks:
            image = self._instances.get(look.references[0][0])
            dark = image is not None and image.layout.photometric == "MONOCHROME1"
            looks.append(replace(look, inverted=look.inverted != dark))
        return replace(about, looks=tuple(looks))

    def _ordered_studies(self) -> list[Study]:
        """By patient in the order of opening, newest study of a patient first."""
        objects = self._objects_by_study()
        patients = list(dict.fromkeys(study.patient_key for study in self._studies.values()))
        made: list[Study] = []
        for key in patients:
            mine = [study for study in self._studies.values() if study.patient_key == key]
            mine.sort(key=lambda study: (study.first.study_date, study.first.study_time))
            made += [
                self._study(study, objects.get(study.first.study_uid, ()))
                for study in reversed(mine)
                if study.series or objects.get(study.first.study_uid)
            ]
        return made

    def _study(self, study: _StudyFiles, objects: Sequence[StudyObject]) -> Study:
        series = [self._series(entry) for entry in study.series.values() if entry.instances]
        series.sort(key=lambda entry: (entry.number is None, entry.number or 0))
        first = study.first
        return Study(
            uid=study.uid,
            patient=self._patients.patient(study.patient_key),
            date=first.study_date,
            time=first.study_time,
            description=first.study_description,
            accession_number=first.accession_number,
            series=tuple(series),
            objects=tuple(objects),
        )

    @staticmethod
    def _series(entry: _SeriesFiles) -> Series:
        if entry.built is None:
            first = entry.instances[0]
            entry.built = Series(
                uid=entry.uid,
                number=first.series_number,
                modality=first.modality,
                description=first.series_description,
                display_sets=display_sets(entry.uid, entry.instances, duplicates=entry.duplicates),
            )
        return entry.built


def _unique(uid: str, taken: set[str]) -> str:
    """The UID, or one with a mark when another patient's study or series has it."""
    while uid in taken:
        uid += "~"
    taken.add(uid)
    return uid
