"""Who is who: an ID alone never makes two persons one (hospitals reuse and mistype IDs)."""

from dataclasses import dataclass, field

from surgery_assist.imaging.names import folded, person_name, readability, same_name
from surgery_assist.imaging.records import Instance, StudyIdentity
from surgery_assist.model.study import Patient


@dataclass(slots=True)
class _Person:
    key: str
    patient_id: str
    birth_date: str
    name: str
    best_name: str
    sex: str


@dataclass(slots=True)
class PatientRegister:
    """Patients met so far; the same ID, birth date and folded name are the same person."""

    _by_id: dict[str, list[_Person]] = field(default_factory=dict)
    _by_key: dict[str, _Person] = field(default_factory=dict)

    def key_of(self, instance: Instance | StudyIdentity) -> str:
        """Key of the instance's patient, who is entered if new.

        Without an ID, or without a name, files belong together only through their study.
        """
        name = person_name(instance.patient_name)
        plain = folded(instance.patient_name)
        identity = instance.patient_id.strip()
        if not identity and not plain:
            identity = f"study {instance.study_uid}"
        persons = self._by_id.setdefault(identity, [])
        for person in persons:
            if person.birth_date == instance.birth_date and same_name(person.name, plain):
                if readability(name) > readability(person.best_name):
                    person.best_name, person.name = name, plain
                person.sex = person.sex or instance.sex
                return person.key
        person = _Person(
            f"{identity}|{plain}|{instance.birth_date}",
            instance.patient_id,
            instance.birth_date,
            plain,
            name,
            instance.sex,
        )
        persons.append(person)
        self._by_key[person.key] = person
        return person.key

    def patient(self, key: str) -> Patient:
        """The patient as shown, with the best form of the name met so far."""
        person = self._by_key[key]
        return Patient(key, person.patient_id, person.best_name, person.birth_date, person.sex)
