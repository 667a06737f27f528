"""What was done, or is about to be done, in the words of the session's language."""

from surgery_assist.messages import Language, catalogue, translate
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Session
from surgery_assist.model.study import Patient, Study

_UNITS = {"degrees": "°", "amount": " %"}


def command_title(command_id: str, language: Language) -> str:
    """Short name of a command."""
    return translate(f"command.{command_id}", language)


def slot_words(command_id: str, name: str, value: object, language: Language) -> str:
    """A slot's value as people say it: ``"la dreapta"``, ``"osoasă"``, ``"90°"``.

    A text of the command itself (``slot.window.contrast.side.up``) goes before the general one
    (``slot.side.up``).
    """
    texts = catalogue(language)
    for key in (f"slot.{command_id}.{name}.{value}", f"slot.{name}.{value}"):
        if key in texts:
            return texts[key]
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        return f"{value:g}{_UNITS.get(name, '')}"
    return str(value)


def describe(invocation: Invocation, language: Language) -> str:
    """A command with its slots, such as "Rotire la dreapta" or "Împărțire 2 × 2".

    The text ``done.<command>`` places the slots where the language wants them; without one they
    follow the title.
    """
    words = {
        name: slot_words(invocation.command_id, name, value, language)
        for name, value in invocation.arguments.items()
    }
    key = f"done.{invocation.command_id}"
    if words and key in catalogue(language):
        return translate(key, language, **words)
    return " ".join((command_title(invocation.command_id, language), *words.values()))


def patient_words(patient: Patient, language: Language) -> str:
    """Name and year of birth, enough to tell that it is the right one."""
    name = patient.name or patient.patient_id or translate("patient.unknown", language)
    year = patient.birth_date[:4]
    return f"{name}, {year}" if year else name


def study_words(study: Study, language: Language) -> str:
    """Modalities, description and date of a study."""
    modalities = "/".join(dict.fromkeys(s.modality for s in study.series if s.modality))
    name = study.description or translate("study.unnamed", language)
    head = name if not modalities or name.startswith(modalities) else f"{modalities} {name}"
    date = study_date(study.date, language)
    return f"{head}, {date}" if date else head


def study_date(iso: str, language: Language) -> str:
    """An ISO date as the language writes it; anything else as it is."""
    year, month, day = iso[:4], iso[5:7], iso[8:10]
    if not (year.isdigit() and month.isdigit() and day.isdigit()):
        return iso
    return translate("date.written", language, year=year, month=month, day=day)


def question_words(invocation: Invocation, session: Session) -> str:
    """What will be done after "confirm", read back in plain words."""
    language = session.control.language
    target = _target(invocation, session)
    if isinstance(target, Patient):
        number = session.catalogue.patients.index(target) + 1
        return translate("ask.patient", language, n=number, patient=patient_words(target, language))
    if isinstance(target, Study):
        return _study_question(target, session)
    if invocation.command_id == "case.close":
        studies = counted("count.studies", len(session.catalogue.studies), language)
        return translate("ask.case_close", language, studies=studies)
    return translate("ask.other", language, command=describe(invocation, language))


def _study_question(study: Study, session: Session) -> str:
    language = session.control.language
    words = study_words(study, language)
    front = session.patient
    if front is not None and front.key == study.patient.key:
        number = session.catalogue.studies_of(front.key).index(study) + 1
        return translate("ask.study", language, n=number, study=words)
    patient = patient_words(study.patient, language)
    return translate("ask.other_patient", language, study=words, patient=patient)


def _target(invocation: Invocation, session: Session) -> Patient | Study | None:
    """The patient or study that a question is about; the command has checked the number."""
    catalogue_ = session.catalogue
    arguments = invocation.arguments
    match invocation.command_id:
        case "patient.open":
            place = _number(arguments.get("n"))
            patients = catalogue_.patients
            return patients[place - 1] if 1 <= place <= len(patients) else None
        case "study.open" if catalogue_.patients:
            front = session.patient or catalogue_.patients[0]
            studies = catalogue_.studies_of(front.key)
            place = _number(arguments.get("n"))
            return studies[place - 1] if 1 <= place <= len(studies) else None
        case "study.show":
            return next((s for s in catalogue_.studies if s.uid == arguments.get("uid")), None)
        case _:
            return None


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | float | str) and str(value).isdigit() else 0


def counted(key: str, count: int, language: Language) -> str:
    """A number with its noun: "1 imagine", "12 imagini", "240 de imagini".

    Romanian puts "de" after numbers whose last two digits are 00 or 20 to 99; the forms are
    ``<key>.one``, ``<key>.few`` and ``<key>.many``.
    """
    if count == 1:
        form = "one"
    elif language == "ro" and (count == 0 or 1 <= count % 100 <= 19):
        form = "few"
    else:
        form = "many"
    return translate(f"{key}.{form}", language, count=count)
