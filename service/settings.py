"""One table of settings, read from the environment once and passed down."""

from __future__ import annotations

import difflib
import logging
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeVar

from environs import Env, EnvValidationError
from marshmallow import ValidationError
from marshmallow.validate import OneOf, Range, Regexp

from service.errors import SettingsError

PREFIX = "REFRAIN_"

BUNDLED_ENCODER = "bundled"

MOST_AUTOMATIC_WORKERS = 8
"""Each worker holds a copy of the model, so a large machine does not get one per core unasked."""

ENCODER_RUNTIMES = ("auto", "torch", "compiled")

LARGEST_BATCH = 32
"""As many queries are encoded together at most, as in `inference/batching.py`."""

SPARE_THREADS = 16
"""Threads for those who are refused, and for what is not matching; idle ones cost little."""

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

_KUBERNETES = ("REFRAIN_SERVICE_", "REFRAIN_PORT_")
"""Kubernetes sets these in every pod beside a service of the name ``refrain``."""

log = logging.getLogger(__name__)

T = TypeVar("T")


def _setting(
    default: T,
    help: str,
    *,
    allowed: str,
    read: str,
    check: Callable[[Any], Any] | None = None,
    shown: str | None = None,
    secret: bool = False,
) -> T:
    """A field with what its documentation and its reading need.

    ``read`` is the name of an environs parser, ``shown`` the default in words, and the value of a
    ``secret`` never appears in a message or a repr.
    """
    made: Any = field(
        default=default,
        repr=not secret,
        metadata={"help": help, "allowed": allowed, "read": read, "check": check, "shown": shown},
    )
    value: T = made
    return value


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set; each field is the environment variable ``REFRAIN_`` + its name."""

    host: str = _setting(
        "127.0.0.1",
        "Address to listen on; `0.0.0.0` in the container.",
        allowed="a host name or an IP address",
        read="str",
        check=Regexp(r"^[A-Za-z0-9.:\[\]_-]+\Z"),
    )
    port: int = _setting(
        8000,
        "Port to listen on.",
        allowed="a whole number from 1 to 65535",
        read="int",
        check=Range(1, 65535),
    )
    data_dir: Path = _setting(
        Path("./var"),
        "Directory of everything that is written: catalogue, vectors, snapshots.",
        allowed="a path",
        read="directory",
    )
    catalogue_url: str | None = _setting(
        None,
        "Database of the catalogue.",
        allowed="an SQLAlchemy URL, such as `sqlite:////srv/refrain/catalogue.sqlite`",
        read="str",
        check=Regexp(r"^[a-z][a-z0-9_]*(?:\+[a-z0-9_]+)?://"),
        shown="SQLite in `REFRAIN_DATA_DIR`",
        secret=True,
    )
    starter: bool = _setting(
        True,
        "Whether the claims of the starter catalogue are added, and corrected by a new release "
        "where no editor touched them; a deleted one stays deleted.",
        allowed="`true` or `false`",
        read="bool",
    )
    encoder: str = _setting(
        BUNDLED_ENCODER,
        "Model that turns text into vectors.",
        allowed="`bundled`, or the name or path of a sentence-transformers model",
        read="str",
    )
    encoder_languages: frozenset[str] | None = _setting(
        None,
        "Languages that the encoder speaks; required for any other than the bundled one, which "
        "speaks English.",
        allowed="ISO 639-1 codes with commas between them, such as `en,ru,uk`, or `*` for all",
        read="languages",
        shown="those of the bundled encoder",
    )
    encoder_runtime: Literal["auto", "torch", "compiled"] = _setting(
        "auto",
        "How the encoder is run: `auto` compiles it on a CPU and takes torch on a GPU.",
        allowed=", ".join(f"`{name}`" for name in ENCODER_RUNTIMES[:-1])
        + f" or `{ENCODER_RUNTIMES[-1]}`",
        read="str",
        check=OneOf(ENCODER_RUNTIMES),
    )
    encoder_query_prompt: str = _setting(
        "",
        "Text that the encoder wants in front of a query, such as `query: `.",
        allowed="a text",
        read="str",
    )
    encoder_passage_prompt: str = _setting(
        "",
        "Text that the encoder wants in front of a wording, such as `passage: `.",
        allowed="a text",
        read="str",
    )
    verifier: str = _setting(
        BUNDLED_ENCODER,
        "Model that reads a sentence and a claim together and tells repeating from rejecting.",
        allowed="`bundled`, `off`, or the name or path of a sentence-transformers `CrossEncoder` "
        "with the labels entailment, contradiction and neutral",
        read="str",
    )
    tier_match: float | None = _setting(
        None,
        "Lowest score of the tier `match`.",
        allowed="a number from 0 to 1",
        read="float",
        check=Range(0, 1),
        shown="the calibration's, at 1 % false alarms",
    )
    tier_related: float | None = _setting(
        None,
        "Lowest score of the tier `related`, and of what is shown unless a query asks for another.",
        allowed="a number from 0 to 1",
        read="float",
        check=Range(0, 1),
        shown="the calibration's, at 5 % false alarms",
    )
    workers: int = _setting(
        0,
        "Processes that answer; each holds the model in memory. `auto`, or 0, takes one per core "
        f"that the service may use, at most {MOST_AUTOMATIC_WORKERS}.",
        allowed="`auto` or a whole number from 0 to 256",
        read="auto",
        check=Range(0, 256),
        shown="`auto`",
    )
    threads: int = _setting(
        0,
        "Requests that one worker takes at a time; they share one inference thread. `auto`, or 0, "
        "takes more than can wait and be encoded, so that whoever comes then is refused at once.",
        allowed="`auto` or a whole number from 0 to 10000",
        read="auto",
        check=Range(0, 10_000),
        shown="`auto`",
    )
    queue: int = _setting(
        32,
        "Single queries that may wait for the encoder in each worker; more are refused with 503.",
        allowed="a whole number from 1 to 10000",
        read="int",
        check=Range(1, 10_000),
    )
    deadline_ms: int = _setting(
        2000,
        "Milliseconds that a request waits for its turn at most; then it is answered with 503.",
        allowed="a whole number from 10 to 600000",
        read="int",
        check=Range(10, 600_000),
    )
    query_cache: int = _setting(
        10_000,
        "Vectors of queries that each worker remembers, 1.5 kB each with the bundled encoder.",
        allowed="a whole number from 0 to 10000000",
        read="int",
        check=Range(0, 10_000_000),
    )
    timeout: int = _setting(
        60,
        "Seconds after which a worker that hangs is replaced.",
        allowed="a whole number from 1 to 3600",
        read="int",
        check=Range(1, 3600),
    )
    graceful_timeout: int = _setting(
        20,
        "Seconds that running requests get to finish when the service stops.",
        allowed="a whole number from 1 to 3600",
        read="int",
        check=Range(1, 3600),
    )
    require_key: bool = _setting(
        False,
        "Whether matching and reading need a key with the scope `match`. Writing always needs one "
        "with `edit`.",
        allowed="`true` or `false`",
        read="bool",
    )
    publisher: str = _setting(
        "",
        "Name of your organisation, which stands as the author of what is published as "
        "`ClaimReview`.",
        allowed="a text",
        read="str",
    )
    cors_origins: tuple[str, ...] = _setting(
        (),
        "Origins whose pages and browser extensions may call the interface from a browser.",
        allowed="origins with commas between them, such as "
        "`https://cms.example.org,chrome-extension://abcdefghijklmnopabcdefghijklmnop`, or `*` "
        "for all",
        read="origins",
        shown="none",
    )
    log_level: str = _setting(
        "INFO",
        "The least important messages that are logged.",
        allowed=", ".join(f"`{level}`" for level in LOG_LEVELS[:-1]) + f" or `{LOG_LEVELS[-1]}`",
        read="level",
    )

    log_format: Literal["text", "json"] = _setting(
        "text",
        "How log lines look; `json` in the container.",
        allowed="`text` or `json`",
        read="str",
        check=OneOf(("text", "json")),
    )

    @property
    def database_url(self) -> str:
        """``catalogue_url``, or that of the SQLite file in ``data_dir``."""
        return self.catalogue_url or f"sqlite:///{self.data_dir.absolute() / 'catalogue.sqlite'}"

    @property
    def worker_count(self) -> int:
        """``workers``, with 0 resolved to the cores that this process may use.

        One process of one thread for each core: on two cores, two of them encode 1.56 times as
        many single sentences, and 1.38 times as many in batches, as one with two threads
        (`benchmarks/encoders.py`), and Python's own work is divided as well.
        """
        return self.workers or max(1, min(usable_cores(), MOST_AUTOMATIC_WORKERS))

    @property
    def thread_count(self) -> int:
        """``threads``, with 0 resolved to the queue, a batch, and some who find the queue full."""
        return self.threads or self.queue + LARGEST_BATCH + SPARE_THREADS


def read_settings(environ: Mapping[str, str]) -> Settings:
    """The settings in ``environ``; a variable that is absent or empty stands for its default.

    Raises:
        SettingsError: values are wrong or names unknown; every fault is listed.
    """
    ours = {name: value for name, value in environ.items() if name.startswith(PREFIX) and value}
    injected = sorted(name for name in ours if _is_injected(name, ours[name]))
    if injected:
        log.warning("Set by Kubernetes and passed over: %s", ", ".join(injected))
    ours = {name: value for name, value in ours.items() if name not in injected}

    faults = [_unknown(name) for name in sorted(ours) if name not in SETTINGS_TABLE]
    env = _environment(ours)
    values: dict[str, Any] = {}
    for name, spec in SETTINGS_TABLE.items():
        read = getattr(env, spec.metadata["read"])
        check = spec.metadata["check"]
        if name in ours:
            values[spec.name] = read(name, validate=check) if check else read(name)
    try:
        env.seal()
    except EnvValidationError as error:
        faults += [_wrong(name, ours[name]) for name in error.error_messages or ()]
    faults += _contradictions(ours)
    if faults:
        raise SettingsError("The settings are wrong:\n" + "\n".join(f"  {f}" for f in faults))
    return Settings(**values)


def usable_cores() -> int:
    """The cores this process may use: its affinity, cut by a container's quota (cgroup v2)."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        cores = os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return max(1, min(cores, int(quota) // int(period)))
    except (OSError, ValueError):  # no cgroup v2, or the quota is "max"
        return cores


SETTINGS_TABLE: Mapping[str, Field[Any]] = {
    f"{PREFIX}{spec.name.upper()}": spec for spec in fields(Settings)
}
"""The fields of ``Settings`` by the name of their variable."""


class _MappingEnv(Env):
    """environs on a mapping of ours instead of the process's environment."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        super().__init__(eager=False)
        self._variables = variables

    def _get_value(self, env_key: str, default: Any) -> Any:
        return self._variables.get(env_key, default)


def _environment(variables: Mapping[str, str]) -> Env:
    env = _MappingEnv(variables)
    env.add_parser("directory", lambda value: Path(value).expanduser())
    env.add_parser("languages", _languages)
    env.add_parser("auto", _auto)
    env.add_parser("level", _level)
    env.add_parser("origins", _origins)
    return env


def _languages(value: str) -> frozenset[str] | None:
    if value.strip() == "*":
        return None
    codes = [code.strip().lower() for code in value.split(",")]
    if not all(re.fullmatch(r"[a-z]{2}", code) for code in codes):
        raise ValidationError("not language codes")
    return frozenset(codes)


def _auto(value: str, validate: Callable[[int], Any]) -> int:
    if value.strip().lower() == "auto":
        return 0
    try:
        count = int(value)
    except ValueError as error:
        raise ValidationError("not a number") from error
    validate(count)
    return count


def _level(value: str) -> str:
    level = value.strip().upper()
    if level not in LOG_LEVELS:
        raise ValidationError("not a level")
    return level


def _origins(value: str) -> tuple[str, ...]:
    origins = [origin.strip().lower().removesuffix("/") for origin in value.split(",")]
    if not all(re.fullmatch(r"\*|[a-z][a-z0-9+.-]*://[^\s/?#@]+", origin) for origin in origins):
        raise ValidationError("not origins")
    return tuple(dict.fromkeys(origins))


def _is_injected(name: str, value: str) -> bool:
    return name.startswith(_KUBERNETES) or (name == "REFRAIN_PORT" and "://" in value)


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, SETTINGS_TABLE, n=1)
    return f"{name} is not a setting." + (f" Did you mean {near[0]}?" if near else "")


def _wrong(name: str, value: str) -> str:
    spec = SETTINGS_TABLE[name]
    given = f", not {value!r}" if spec.repr else ""
    return f"{name} must be {spec.metadata['allowed'].replace('`', '')}{given}."


def _contradictions(ours: Mapping[str, str]) -> list[str]:
    """What is wrong with settings that are each right by themselves."""
    bundled = ours.get("REFRAIN_ENCODER", BUNDLED_ENCODER) == BUNDLED_ENCODER
    if bundled and "REFRAIN_ENCODER_LANGUAGES" in ours:
        return ["REFRAIN_ENCODER_LANGUAGES is for an encoder other than the bundled one."]
    if not bundled and "REFRAIN_ENCODER_LANGUAGES" not in ours:
        return [
            "REFRAIN_ENCODER_LANGUAGES is required with REFRAIN_ENCODER: "
            f"{SETTINGS_TABLE['REFRAIN_ENCODER_LANGUAGES'].metadata['allowed'].replace('`', '')}."
        ]
    return []
