"""What clinic.yml may hold, and one plain sentence when it holds something else.

Only the front reads the file this way; the engine takes the mapping that comes out, or the
plain YAML. Values are kept simple: times are "HH:MM-HH:MM", dates ISO strings.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal, get_args, get_origin
from zoneinfo import ZoneInfo

import phonenumbers
import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from bot.clinic.hours import Span, overlapping

Path = tuple[str | int, ...]

_FILE = "clinic.yml"
_SHORT_NUMBER = re.compile(r"\d[\d -]{1,17}\d")
_INTEGER = re.compile(r"-?(0|[1-9]\d*)")
_WEB_ADDRESS = re.compile(r"https?://[^\s/?#]+([/?#]\S*)?")
_ORIGIN = re.compile(r"https?://[^\s/?#]+")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_ID = re.compile(r"[a-z][a-z0-9_]*")
_QUIET = re.compile(r"((?:[01]\d|2[0-3]):[0-5]\d)\s*-\s*((?:[01]\d|2[0-3]):[0-5]\d)")
_LONGEST_SHOWN = 60


class ClinicFileError(ValueError):
    """clinic.yml cannot be used; the text says where, and what was expected."""


# --- Kinds of value. Each check returns the value or says what it should have been. ---


def _wrong(expected: str) -> PydanticCustomError:
    return PydanticCustomError("clinic", "{expected}", {"expected": expected})


def _spans(value: object) -> object:
    """A list of spans in order; the form is checked before the order, for a clearer sentence."""
    form = 'a list like ["10:00-14:00"]'
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise _wrong(form)
    spans = []
    for text in value:
        try:
            spans.append(Span.parse(text))
        except ValueError as error:
            ends_first = "ends before" in str(error)
            raise _wrong(
                f"{form} whose spans end after they start" if ends_first else form
            ) from None
    if overlapping(spans):
        raise _wrong(f"{form} whose spans do not overlap")
    return [f"{_clock(span.start)}-{_clock(span.end)}" for span in sorted(spans)]


def _quiet(value: object) -> object:
    """A span that may run over midnight; empty means that there are no quiet hours."""
    if value is None or value == "":
        return ""
    match = _QUIET.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or match[1] == match[2]:
        raise _wrong('a span of times like "21:00-09:00"')
    return f"{match[1]}-{match[2]}"


def _day(value: object) -> object:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise _wrong("a date like 2026-12-31") from None


def _text_or_empty(value: object) -> object:
    return "" if value is None else value


def _number_text(value: object) -> object:
    """A number written without quotes is the text it looks like."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _zone(value: object) -> object:
    try:
        return ZoneInfo(str(value)).key
    except (ValueError, OSError, KeyError):
        # Unknown is a KeyError, a path a ValueError, a folder such as "Asia" an OSError.
        raise _wrong('a time zone like "Asia/Kolkata"') from None


def _pattern(pattern: re.Pattern[str], expected: str, *, empty: bool = False) -> BeforeValidator:
    def check(value: object) -> object:
        if empty and (value is None or value == ""):
            return ""
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise _wrong(expected)
        return value

    return BeforeValidator(check)


Text = Annotated[str, BeforeValidator(_text_or_empty)]
Name = Annotated[str, Field(min_length=1)]
Id = Annotated[str, _pattern(_ID, "a short name like room_1, in small letters")]
Number = Annotated[str, BeforeValidator(_number_text)]
Day = Annotated[str, BeforeValidator(_day)]
Spans = Annotated[list[str], BeforeValidator(_spans)]
Quiet = Annotated[str, BeforeValidator(_quiet)]
Zone = Annotated[str, BeforeValidator(_zone)]
Country = Annotated[str, _pattern(re.compile("[A-Z]{2}"), 'a country code like "IN"')]
Web = Annotated[str, _pattern(_WEB_ADDRESS, 'a web address like "https://…"', empty=True)]
Origin = Annotated[str, _pattern(_ORIGIN, 'a web address without a path, like "https://…"')]
Email = Annotated[str, _pattern(_EMAIL, "an e-mail address", empty=True)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]


# --- The file. ---


class Block(BaseModel):
    """A block of keys: no other key, and no value turned into another kind."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=False)


# A key without a value ("hospital:") is the block with its defaults.
_EMPTY_BLOCK = BeforeValidator(lambda value: {} if value is None else value)
_EMPTY_LIST = BeforeValidator(lambda value: [] if value is None else value)


class Who(Block):
    """Name, place and zone."""

    name: Name
    address: Text = ""
    map: Web = ""
    zone: Zone
    languages: Annotated[list[str], _EMPTY_LIST] = []
    country: Country = "IN"
    state: Text = ""


class Hospital(Block):
    """Where patients are sent while the clinic is closed and has no number of its own."""

    name: Text = ""
    phone: Number = ""


class Phones(Block):
    """Numbers patients are given (clinical brief 5.6)."""

    front_desk: Number = ""
    same_day: Number = ""
    after_hours: Number = ""
    hospital: Annotated[Hospital, _EMPTY_BLOCK] = Hospital()
    emergency: Number = ""
    ambulance: Number = ""
    mental_health: Number = ""
    mental_health_alt: Number = ""
    child: Number = ""
    women: Number = ""
    side_effect_line: Number = ""


class Week(Block):
    """Open spans by weekday; a missing day is closed."""

    monday: Spans = []
    tuesday: Spans = []
    wednesday: Spans = []
    thursday: Spans = []
    friday: Spans = []
    saturday: Spans = []
    sunday: Spans = []


class ClosureDays(Block):
    """Closed days, both ends included."""

    from_: Annotated[Day, Field(alias="from")]
    to: Day
    reason: Text = ""


def _closure(value: object) -> object:
    """`day: X` is the short form of `from: X, to: X`."""
    if not isinstance(value, dict):
        raise _wrong("a block like {day: 2026-12-31, reason: …}")
    if "day" not in value:
        # A misspelt key is told by the block itself, which knows the nearest one.
        if {"from", "to"} <= set(value) or set(value) - {"from", "to", "reason"}:
            return value
        raise _wrong("a block with `day`, or with `from` and `to`")
    if "from" in value or "to" in value:
        raise _wrong("a block with either `day`, or `from` and `to`")
    rest = {key: entry for key, entry in value.items() if key != "day"}
    return {"from": value["day"], "to": value["day"], **rest}


Closed = Annotated[ClosureDays, BeforeValidator(_closure)]


class Closures(Block):
    """Days on which the clinic is closed although the week says open."""

    days: Annotated[list[Closed], _EMPTY_LIST] = []
    holidays: Annotated[list[Closed], _EMPTY_LIST] = []


class Named(Block):
    """Something other blocks of the file refer to."""

    id: Id


class Doctor(Named):
    """A doctor, as registered; without hours of their own they work when the clinic is open."""

    name: Name
    degrees: Text = ""
    registration: Number = ""
    hours: Week | None = None
    breaks: Annotated[Spans, _EMPTY_LIST] = []
    visits: Annotated[list[Id], _EMPTY_LIST] = []
    visits_a_day: Positive | None = None


class Room(Named):
    """A room that one visit at a time occupies."""

    name: Text = ""


class Device(Named):
    """A machine that one visit at a time occupies."""

    kind: Literal["microneedling", "mnrf", "co2_laser", "nonablative_laser", "plasma"]
    name: Text = ""
    offered: bool = True


class Needs(Block):
    """What a visit occupies: a doctor who does it, and one of each list."""

    doctor: bool = True
    rooms: Annotated[list[Id], _EMPTY_LIST] = []
    devices: Annotated[list[Id], _EMPTY_LIST] = []


class Visit(Block):
    """A kind of visit; times in minutes."""

    name: Name
    minutes: Annotated[int, Field(ge=5, le=480)]
    buffer_before: Count = 0
    buffer_after: Count = 0
    needs: Annotated[Needs, _EMPTY_BLOCK] = Needs()
    book: Literal["patient", "staff"] = "staff"


class Cancel(Block):
    """How many hours before a visit a patient should say, and what it costs after that."""

    free_hours: Count = 0
    fee: Text = ""


class Booking(Block):
    """Rules of booking."""

    lead_minutes: Count = 120
    horizon_days: Annotated[int, Field(ge=1, le=366)] = 60
    step_minutes: Annotated[int, Field(ge=5, le=120)] = 15
    hold_minutes: Positive = 10
    offer_minutes: Positive | None = None
    per_patient: Positive = 2
    visits_a_day: Positive | None = None
    confirm: Literal["auto", "staff"] = "auto"
    cancel: Annotated[Cancel, _EMPTY_BLOCK] = Cancel()


class Reminders(Block):
    """Hours before the visit."""

    hours_before: Annotated[list[Positive], _EMPTY_LIST] = []


class Price(Block):
    """A price, word by word as a patient reads it."""

    item: Name
    price: Annotated[str, Field(min_length=1), BeforeValidator(_number_text)]


class Payment(Block):
    """Ways to pay."""

    methods: Annotated[list[str], _EMPTY_LIST] = []
    note: Text = ""


class Product(Block):
    """The exosome product as on its pack (clinical brief 0.3, 1 and 2)."""

    name: Text = ""
    source: Text = ""
    maker: Text = ""
    registration: Text = ""
    route: Text = ""
    storage: Text = ""


class Protocol(Block):
    """The clinic's own value for each range of the clinical brief, part 3."""

    visit_skin: Text = ""
    visit_scalp: Text = ""
    retinoid_pause: Text = ""
    sun_before: Text = ""
    alcohol_gap: Text = ""
    first_wash: Text = ""
    hair_colour: Text = ""
    makeup_after: Text = ""
    gym_after: Text = ""
    swim_after: Text = ""
    actives_after: Text = ""
    mnrf_redness: Text = ""
    numbing: Text = ""
    maintenance: Text = ""


class Grievance(Block):
    """Whom a patient writes to about their data or a complaint."""

    name: Text = ""
    phone: Number = ""
    email: Email = ""


class Policies(Block):
    """Rules patients may ask about; `min_age` in years (clinical brief Q01)."""

    min_age: Annotated[int, Field(ge=18, le=100)] = 18
    privacy: Web = ""
    grievance: Annotated[Grievance, _EMPTY_BLOCK] = Grievance()
    photos: Text = ""


class Unreviewed(Block):
    """Who answers for serving texts before approval, and until which day."""

    by: Name
    until: Day


class Content(Block):
    """How medical answers name their doctor, and whether unapproved ones are served.

    `approval_months`: after so many an approval runs out; without it none does.
    """

    attribution: Text = ""
    serve_unreviewed: Unreviewed | None = None
    approval_months: Positive | None = None


class Templates(Block):
    """Names of message templates that Meta has approved; "" where there is none."""

    before_visit: Text = ""
    reminder: Text = ""
    change: Text = ""
    first_message: Text = ""
    language: Text = "en"


class WhatsApp(Block):
    """What is asked and kept on WhatsApp."""

    health_questions: bool = False
    keep_media: bool = False
    templates: Annotated[Templates, _EMPTY_BLOCK] = Templates()


class Website(Block):
    """Web addresses on which the chat may run."""

    origins: Annotated[list[Origin], _EMPTY_LIST] = []


class Retention(Block):
    """How long data is kept."""

    unconsented_days: Positive = 7
    conversation_days: Positive = 180
    webhook_days: Positive = 7
    outbox_days: Positive = 30
    media_days: Positive = 90
    visit_years: Positive = 3


class Conversation(Block):
    """When a conversation has ended by itself."""

    silence_hours: Positive = 12


class Notices(Block):
    """Who in the clinic is told by e-mail."""

    emails: Annotated[list[Email], _EMPTY_LIST] = []
    urgent_emails: Annotated[list[Email], _EMPTY_LIST] = []


class Clinic(Block):
    """The whole of clinic.yml."""

    example: bool = False
    clinic: Who
    phones: Annotated[Phones, _EMPTY_BLOCK] = Phones()
    hours: Annotated[Week, _EMPTY_BLOCK] = Week()
    closures: Annotated[Closures, _EMPTY_BLOCK] = Closures()
    doctors: Annotated[list[Doctor], _EMPTY_LIST] = []
    rooms: Annotated[list[Room], _EMPTY_LIST] = []
    devices: Annotated[list[Device], _EMPTY_LIST] = []
    visits: Annotated[dict[Id, Visit], _EMPTY_BLOCK] = {}
    booking: Annotated[Booking, _EMPTY_BLOCK] = Booking()
    reminders: Annotated[Reminders, _EMPTY_BLOCK] = Reminders()
    quiet_hours: Quiet = ""
    prices: Annotated[list[Price], _EMPTY_LIST] = []
    payment: Annotated[Payment, _EMPTY_BLOCK] = Payment()
    product: Annotated[Product, _EMPTY_BLOCK] = Product()
    protocol: Annotated[Protocol, _EMPTY_BLOCK] = Protocol()
    policies: Annotated[Policies, _EMPTY_BLOCK] = Policies()
    content: Annotated[Content, _EMPTY_BLOCK] = Content()
    whatsapp: Annotated[WhatsApp, _EMPTY_BLOCK] = WhatsApp()
    website: Annotated[Website, _EMPTY_BLOCK] = Website()
    retention: Annotated[Retention, _EMPTY_BLOCK] = Retention()
    conversation: Annotated[Conversation, _EMPTY_BLOCK] = Conversation()
    notices: Annotated[Notices, _EMPTY_BLOCK] = Notices()


def read_clinic(text: str) -> dict[str, Any]:
    """The content of clinic.yml, checked, with defaults filled in.

    Closures come out as `{from, to, reason}`, spans sorted.

    Raises:
        ClinicFileError: with one sentence about the first thing that is wrong.
    """
    content, lines = _read_yaml(text)
    try:
        clinic = Clinic.model_validate(content)
    except ValidationError as error:
        raise _first(_problems(error, content, lines)) from None
    broken = [_sentence(lines, *problem) for problem in _cross_check(clinic)]
    if broken:
        raise _first(broken)
    return clinic.model_dump(by_alias=True)


# --- YAML with line numbers. ---


def _read_yaml(text: str) -> tuple[Any, dict[Path, int]]:
    """The content as plain values, and the line on which each path of keys stands."""
    lines: dict[Path, int] = {}
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "a character that YAML does not allow"
        line = mark.line if mark else text.count("\n", 0, getattr(error, "position", 0))
        raise ClinicFileError(
            f"{_FILE}, line {line + 1}: this is not valid YAML: {problem}."
        ) from None
    if not isinstance(root, yaml.MappingNode):
        raise ClinicFileError(f"{_FILE}, line 1: the file should be a block of keys.")
    return _plain(root, (), lines, ()), lines


def _plain(node: yaml.Node, path: Path, lines: dict[Path, int], around: tuple[int, ...]) -> Any:
    """A YAML node as a plain value; notes the line of every path below it.

    Times and dates written without quotes stay the text they are: YAML 1.1 would read 16:00 as
    960. `around` holds the nodes we are inside of, since an alias may point back at them.
    """
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if id(node) in around:
        raise ClinicFileError(f"{_FILE}, line {line}: {_say(path)} contains itself.")
    around = (*around, id(node))
    if isinstance(node, yaml.SequenceNode):
        return [
            _plain(item, (*path, number), lines, around) for number, item in enumerate(node.value)
        ]
    if isinstance(node, yaml.MappingNode):
        block: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            here = (*path, key)
            key_line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise ClinicFileError(f"{_FILE}, line {key_line}: a key should be a single word.")
            if key in block:
                raise ClinicFileError(
                    f"{_FILE}, line {key_line}: {_say(here)} should be there only once;"
                    f" it is already on line {lines[here]}."
                )
            lines[here] = key_line
            block[key] = _plain(value_node, here, lines, around)
        return block
    return _scalar(node)


def _scalar(node: yaml.Node) -> Any:
    """A single value. A number counts as one when it is written as one: neither 0012 nor +91."""
    kind = node.tag.rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "bool":
        return node.value.lower() in ("true", "yes", "on")
    if kind == "int" and _INTEGER.fullmatch(node.value):
        return int(node.value)
    if kind == "float" and re.fullmatch(r"-?\d+\.\d+", node.value):
        return float(node.value)
    return node.value


# --- What pydantic cannot see in one value. ---

Problem = tuple[Path, str, Any]


def _cross_check(clinic: Clinic) -> Iterator[Problem]:
    """Wrong phones, double ids, and references to what does not exist."""
    yield from _phone_problems(clinic)
    for block in ("days", "holidays"):
        for number, closed in enumerate(getattr(clinic.closures, block)):
            if closed.to < closed.from_:
                expected = f"the same day as `from`, {closed.from_}, or later"
                yield ("closures", block, number, "to"), expected, closed.to
    lists: dict[str, Sequence[Named]] = {
        "doctors": clinic.doctors,
        "rooms": clinic.rooms,
        "devices": clinic.devices,
    }
    for key, entries in lists.items():
        seen: set[str] = set()
        for number, entry in enumerate(entries):
            if entry.id in seen:
                yield (key, number, "id"), "different from every other id of this list", entry.id
            seen.add(entry.id)
    for number, doctor in enumerate(clinic.doctors):
        for place, visit in enumerate(doctor.visits):
            if visit not in clinic.visits:
                yield ("doctors", number, "visits", place), _one_of(clinic.visits), visit
    yield from _need_problems(clinic)


def _need_problems(clinic: Clinic) -> Iterator[Problem]:
    rooms = [room.id for room in clinic.rooms]
    offered = [device.id for device in clinic.devices if device.offered]
    done = {visit for doctor in clinic.doctors for visit in doctor.visits}
    for name, visit in clinic.visits.items():
        needs: Path = ("visits", name, "needs")
        if visit.needs.doctor and name not in done:
            expected = "false, or a doctor should list this visit"
            yield (*needs, "doctor"), expected, True
        for place, room in enumerate(visit.needs.rooms):
            if room not in rooms:
                yield (*needs, "rooms", place), _one_of(rooms, "a room of this file"), room
        for place, device in enumerate(visit.needs.devices):
            if device not in offered:
                expected = _one_of(offered, "an offered device of this file")
                yield (*needs, "devices", place), expected, device


def _phone_problems(clinic: Clinic) -> Iterator[Problem]:
    country = clinic.clinic.country
    phones = clinic.phones
    own: list[tuple[Path, str]] = [
        (("phones", key), getattr(phones, key)) for key in ("front_desk", "same_day", "after_hours")
    ]
    own.append((("phones", "hospital", "phone"), phones.hospital.phone))
    own.append((("policies", "grievance", "phone"), clinic.policies.grievance.phone))
    for path, number in own:
        if number and not _is_phone(number, country):
            yield path, 'a phone number like "+91 99999 00001"', number
    for key in Phones.model_fields:
        number = getattr(phones, key)
        if ("phones", key) in dict(own) or not isinstance(number, str) or not number:
            continue
        if not _SHORT_NUMBER.fullmatch(number) and not _is_phone(number, country):
            yield ("phones", key), 'a number to dial like "112" or "1800-180-3024"', number


def _is_phone(number: str, country: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, country))
    except phonenumbers.NumberParseException:
        return False


def _one_of(
    names: Mapping[str, Any] | Sequence[str], otherwise: str = "a visit of this file"
) -> str:
    return f"{otherwise} ({', '.join(names)})" if names else f"{otherwise}, which has none"


# --- Sentences. ---


def _first(sentences: list[str]) -> ClinicFileError:
    """The sentence about the line that stands first in the file."""

    def line(sentence: str) -> int:
        found = re.match(rf"{re.escape(_FILE)}, line (\d+)", sentence)
        return int(found[1]) if found else 0

    return ClinicFileError(min(sentences, key=line))


def _sentence(lines: Mapping[Path, int], path: Path, expected: str, found: Any) -> str:
    where = f"{_FILE}, line {_line(lines, path)}: {_say(path)}"
    return f"{where} should be {expected}, found {_show(found)}."


def _problems(error: ValidationError, content: Any, lines: Mapping[Path, int]) -> list[str]:
    """A sentence for each of pydantic's errors.

    A block with an unknown key lacks the one that was meant: the unknown one is enough.
    """
    details = error.errors()
    misspelt = {d["loc"][:-1] for d in details if d["type"] == "extra_forbidden"}
    return [
        _problem(detail, content, lines)
        for detail in details
        if detail["type"] != "missing" or detail["loc"][:-1] not in misspelt
    ]


def _problem(detail: ErrorDetails, content: Any, lines: Mapping[Path, int]) -> str:
    """One sentence for one of pydantic's errors."""
    path = _path_in_file(detail["loc"], content)
    where = f"{_FILE}, line {_line(lines, path)}: {_say(path)}"
    kind, context = detail["type"], detail.get("ctx") or {}
    if kind == "extra_forbidden":
        known = _known_keys(Clinic, path[:-1])
        near = difflib.get_close_matches(str(path[-1]), known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"known here are {', '.join(known)}."
        return f"{where} is no known key; {hint}"
    if kind == "missing":
        return f"{where} is missing; it is always needed."
    found = path[-1] if detail["loc"][-1] == "[key]" else _at(content, path)
    return _sentence(lines, path, _expected(kind, context), found)


def _expected(kind: str, context: Mapping[str, Any]) -> str:
    """What pydantic expected, in plain words."""
    plain = {
        "string_type": "text",
        "string_too_short": "text that is not empty",
        "int_type": "a whole number",
        "bool_type": "true or false",
        "list_type": "a list",
        "dict_type": "a block of keys",
        "model_type": "a block of keys",
        "model_attributes_type": "a block of keys",
    }
    if kind == "greater_than_equal":
        return f"at least {context['ge']}"
    if kind == "less_than_equal":
        return f"at most {context['le']}"
    if kind in ("literal_error", "clinic"):
        return str(context["expected"])
    return plain[kind]


def _path_in_file(loc: Path, content: Any) -> Path:
    """Pydantic's location as the keys of the file.

    A closure written with `day` is read as `from` and `to`, and pydantic names a wrong key of a
    mapping by `[key]`.
    """
    path: Path = ()
    for part in loc:
        block = _at(content, path)
        short = part in ("from", "to") and isinstance(block, dict) and "day" in block
        if part != "[key]":
            path = (*path, "day" if short else part)
    return path


def _known_keys(model: Any, path: Path) -> list[str]:
    """The keys that the block at a path of the file may have."""
    for part in path:
        if isinstance(model, type) and issubclass(model, Block):
            model = _bare(model.model_fields[str(part)].annotation)
        else:
            # Inside a list or a mapping: every entry has the last of its types.
            model = _bare(get_args(model)[-1])
    known = [field.alias or name for name, field in model.model_fields.items()]
    return ["day", *known] if model is ClosureDays else known


def _bare(annotation: Any) -> Any:
    """A type without `Annotated` and without `| None`."""
    while get_origin(annotation) not in (None, list, dict):
        annotation = get_args(annotation)[0]
    return annotation


def _at(content: Any, path: Path) -> Any:
    for part in path:
        try:
            content = content[part]
        except (KeyError, IndexError, TypeError):
            return None
    return content


def _line(lines: Mapping[Path, int], path: Path) -> int:
    """The line of the path, or of the nearest block around it that the file has."""
    while path not in lines:
        path = path[:-1]
    return lines[path]


def _say(path: Path) -> str:
    """`("doctors", 0, "name")` as "doctors[1].name": people count from one."""
    said = ""
    for part in path:
        said += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if said else part
    return said or "the file"


def _show(value: Any) -> str:
    if isinstance(value, dict):
        return f"a block with {', '.join(value)}" if value else "an empty block"
    if value is None:
        return "nothing"
    shown = json.dumps(value, ensure_ascii=False, default=str)
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}…"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
