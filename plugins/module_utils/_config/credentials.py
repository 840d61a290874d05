# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials of a task, from its options and the environment.

The rules, which the doc fragment ``account`` explains to users:

* There are five kinds: keys, permanent or with a ``security_token`` (``access_key``, ``secret_key``), a token (``auth_token``), a user
  (``user_name``, ``user_password``, ``domain_name``), and the agency of this machine (``use_instance_metadata``). Exactly one is used.
* Options win as a whole kind: as soon as one credential option is set, variables of other kinds are ignored. Variables fill gaps
  of the same kind, and only from a family of variables that contradicts no option: a secret key never joins a foreign access key.
* Files and variables of other tools are read only if neither options nor these variables hold credentials, see ``sources.py``.
* Variables that name an agency count only if the credentials do not come from options: an agency trusts one account.
* The empty string means unset, in options and in the environment.
"""

from __future__ import annotations

import datetime
import re
import typing as t
from dataclasses import dataclass, field

from .._common.errors import OptionError
from .._common.text import YES, listed, type_text
from .regions import region_id

Options = t.Mapping[str, t.Any]

#: The options of each kind of credentials, required ones first.
KINDS: dict[str, tuple[str, ...]] = {
    "keys": ("access_key", "secret_key", "security_token"),
    "token": ("auth_token",),
    "user": ("user_name", "user_password", "domain_name"),
    "machine": ("use_instance_metadata",),
}
#: The kind that a boolean option selects, and that option.
MACHINE, MACHINE_OPTION = "machine", "use_instance_metadata"
_OPTIONAL = frozenset({"security_token"})
#: All options for credentials; all except :data:`MACHINE_OPTION` are text.
CREDENTIAL_OPTIONS = (*(name for names in KINDS.values() for name in names), "agency_name", "agency_domain_name")
#: Options that must never be shown; ``no_log`` in every specification.
SECRET_OPTIONS = ("access_key", "secret_key", "security_token", "auth_token", "user_password")

#: Prefixes of the keys under which values from other sources, and their origins, join the variables; see ``foreign_credentials.py``.
IN_FILE, ORIGIN = "source: ", "origin: "
#: Families of variables that belong together, most preferred first: kind, and option -> variable.
_FAMILIES: tuple[tuple[str, dict[str, str]], ...] = (
    ("keys", {"access_key": "HW_ACCESS_KEY", "secret_key": "HW_SECRET_KEY", "security_token": "HW_SECURITY_TOKEN"}),
    (
        "keys",
        {"access_key": "HUAWEICLOUD_SDK_AK", "secret_key": "HUAWEICLOUD_SDK_SK", "security_token": "HUAWEICLOUD_SDK_SECURITY_TOKEN"},
    ),
    ("keys", {"access_key": "CLOUD_SDK_AK", "secret_key": "CLOUD_SDK_SK"}),
    ("token", {"auth_token": "HW_AUTH_TOKEN"}),
    ("user", {"user_name": "HW_USER_NAME", "user_password": "HW_USER_PASSWORD", "domain_name": "HW_DOMAIN_NAME"}),
    *((kind, {name: IN_FILE + name for name in names}) for kind, names in KINDS.items() if kind != MACHINE),
)
#: Option -> the environment variables that can set it, most preferred first.
ENVIRONMENT: dict[str, tuple[str, ...]] = {
    "region": ("HW_REGION_NAME",),
    "project_id": ("HW_PROJECT_ID", "HUAWEICLOUD_SDK_PROJECT_ID"),
    "cloud_domain": ("HW_CLOUD",),
    "iam_endpoint": ("HW_AUTH_URL",),
    **{
        name: tuple(family[name] for dummy, family in _FAMILIES if name in family and IN_FILE + name != family[name])
        for names in KINDS.values()
        for name in names
        if name != MACHINE_OPTION
    },
    "agency_name": ("HW_ASSUME_ROLE_AGENCY_NAME",),
    "agency_domain_name": ("HW_ASSUME_ROLE_DOMAIN_NAME",),
}
#: Variable with the name of the project to look up, if that is not the region's.
PROJECT_NAME = "HW_PROJECT_NAME"
#: Path that other tools append to the address of IAM.
_IAM_PATH = re.compile(r"/+v3/*$")

_CHOICES = "access_key and secret_key, or auth_token, or user_name, user_password and domain_name, or use_instance_metadata"


@dataclass(frozen=True)
class Account:
    """Complete credentials of one kind. The repr shows no secrets.

    :param kind: ``keys``, ``token``, ``user`` or ``machine``, see :data:`KINDS`.
    :param agency_name: agency to assume, of the account *agency_domain_name*; both or neither.
    """

    kind: str
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    security_token: str | None = field(default=None, repr=False)
    auth_token: str | None = field(default=None, repr=False)
    user_name: str | None = None
    user_password: str | None = field(default=None, repr=False)
    domain_name: str | None = None
    agency_name: str | None = None
    agency_domain_name: str | None = None
    use_instance_metadata: bool = False

    @classmethod
    def from_options(cls, options: Options) -> Account:
        """The account in *options* as :func:`resolve` returned them.

        :raises OptionError: no kind, several kinds, an incomplete kind or agency, or an invalid value. The message names the options and
            their environment variables, never a value.
        """
        values = _values(options)
        kind = _one_kind(values)
        missing = [name for name in KINDS[kind] if not values[name] and name not in _OPTIONAL]
        if missing:
            present = [name for name in KINDS[kind] if values[name]]
            raise OptionError(f"{listed(present)} without {listed(missing)}: set {_with_variables(missing)} too.")
        _check_agency(values, kind)
        if kind == MACHINE:
            return cls(kind, use_instance_metadata=True)
        own: dict[str, t.Any] = {name: values[name] for name in (*KINDS[kind], "agency_name", "agency_domain_name")}
        return cls(kind, **own)

    @property
    def actor(self) -> str:
        """Identity for the service's flow control: the same for every process with these credentials. May contain secrets."""
        who = (self.access_key, self.auth_token, self.user_name, self.domain_name, self.agency_name, self.agency_domain_name)
        return MACHINE if self.kind == MACHINE else "\0".join(name or "" for name in who)

    def secrets(self) -> frozenset[str]:
        """The secret values of the account, for the module's ``no_log_values``."""
        return frozenset(value for name in SECRET_OPTIONS for value in [getattr(self, name)] if value)


def resolve(options: Options, environ: t.Mapping[str, str]) -> dict[str, t.Any]:
    """Complete region, project and credentials in *options* from *environ*, by the rules above.

    :param options: option -> value as the user set it; None and blank text mean unset.
    :param environ: environment variables, and values of other sources, see :meth:`.Source.variables`; {} turns the fallback off.
    :returns: a copy. :meth:`Account.from_options` and the client validate the values.
    :raises OptionError: a value is not valid text, or the environment alone holds several kinds.
    """
    return resolve_with_origins(options, environ)[0]


def resolve_with_origins(options: Options, environ: t.Mapping[str, str]) -> tuple[dict[str, t.Any], dict[str, str]]:
    """As :func:`resolve`, with the origin of each value: option -> ``options``, the name of a variable, or a place in a file."""
    resolved = dict(options)
    origins: dict[str, str] = {}

    def take(name: str, value: str | None, origin: str) -> None:
        resolved[name] = value
        if value:
            origins[name] = environ.get(ORIGIN + name, origin) if origin.startswith(IN_FILE) else origin

    for name in ("region", "project_id", "cloud_domain", "iam_endpoint"):
        own = text_of(options.get(name), name)
        value, variable = _variable(environ, name)
        take(name, own or value, "options" if own else variable)
    resolved["project_name"] = text_of(environ.get(PROJECT_NAME) or environ.get(f"{IN_FILE}project_name"), PROJECT_NAME)
    given = {name: value for name, value in _values(options).items() if value}
    for name in CREDENTIAL_OPTIONS:
        take(name, given.get(name), "options")
    kinds = {kind for kind, names in KINDS.items() for name in names if name in given}
    of_options = bool(kinds - {"user"} or {"user_name", "user_password"} & set(given))
    if not of_options:
        for name in ("agency_name", "agency_domain_name"):
            if name not in given:
                take(name, *_variable(environ, name))
    kinds = kinds or kinds_of(environ)
    if len(kinds) == 1:
        for name, (value, variable) in _family(kinds.pop(), given, environ).items():
            if name not in given:
                take(name, value, variable)
    return resolved, origins


class WithoutProject(t.Dict[str, str]):
    """An environment without variables that name a project, for one of several logins: none may look into another's project.

    For such an environment, ``sources.py`` ignores projects in files too.
    """

    def __init__(self, environ: t.Mapping[str, str]) -> None:
        named = {*ENVIRONMENT["project_id"], PROJECT_NAME}
        super().__init__({name: value for name, value in environ.items() if name not in named})


def _variable(environ: t.Mapping[str, str], option: str) -> tuple[str | None, str]:
    """Value and name of the first variable of *option* that is set; (None, "") if none is."""
    name = next((variable for variable in (*ENVIRONMENT[option], IN_FILE + option) if environ.get(variable, "").strip()), "")
    value = text_of(environ.get(name), option)
    return (_IAM_PATH.sub("", value) if value and option == "iam_endpoint" else value), name


def joining(given: Options, others: Options) -> dict[str, t.Any]:
    """The credentials among *others* that may complete *given*: all if *given* has none, else those of the same kind.

    As with environment variables, a secret key never joins a foreign access key: {} if *others* contradict *given*.

    :param given: option -> value, only options that are set. They take precedence over *others*.
    """
    kinds = {
        kind for kind, names in KINDS.items() for name in names if name != "domain_name" and name in given and is_said(name, given[name])
    }
    if not kinds:
        return {name: others[name] for name in CREDENTIAL_OPTIONS if name in others}
    same = {name: others[name] for kind in kinds for name in KINDS[kind] if name in others}
    if any(given.get(name, value) != value for name, value in same.items()):
        return {}
    if "access_key" in given and "access_key" not in same:
        same.pop("security_token", None)  # a security token belongs to one access key, and *others* name none
    return same


def is_said(name: str, value: t.Any) -> bool:
    """Whether *value*, in any form of a boolean, sets credential option *name*: false does not set use_instance_metadata."""
    return name != MACHINE_OPTION or str(value).strip().lower() in YES


def _values(options: Options) -> dict[str, str | None]:
    """The credential options as text; None if unset."""
    texts = {name: text_of(options.get(name), name) for name in CREDENTIAL_OPTIONS if name != MACHINE_OPTION}
    return {**texts, MACHINE_OPTION: "true" if is_said(MACHINE_OPTION, options.get(MACHINE_OPTION)) else None}


def text_of(value: t.Any, option: str) -> str | None:
    """*value* as text without surrounding white space, None if unset; a password keeps its white space.

    :raises OptionError: it is not text, or contains characters that no such value has. The message never quotes it.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        variables = ENVIRONMENT.get(option)
        instead = f", or use the environment variable {variables[0]}" if variables else ""
        kind = type_text(value)
        if isinstance(value, bool):
            raise OptionError(f"{option} must be text, not {kind}: YAML takes yes, no, on and off for booleans. Quote it there{instead}.")
        if isinstance(value, (int, float, datetime.date)):
            raise OptionError(
                f"{option} must be text, not {kind}: YAML drops leading zeros and changes digits such as 12e3. Quote it there "
                f'("0123"), or declare it as a string where it is entered{instead}.'
            )
        raise OptionError(f"{option} must be text, not {kind}: write one text{instead}.")
    if option == "user_password":
        return value or None
    text = value.strip()
    if option in ("access_key", "secret_key", "security_token", "auth_token", "project_id") and not re.fullmatch(r"[!-~]*", text):
        raise OptionError(
            f"{option} contains blanks, line breaks or characters outside ASCII, which no such value has: check how it was copied."
        )
    return text or None


def _one_kind(values: t.Mapping[str, str | None]) -> str:
    """The kind of the credentials in *values*. :raises OptionError: there are none, or several kinds."""
    kinds = [kind for kind, names in KINDS.items() if any(values[name] for name in names)]
    if not kinds:
        raise OptionError(
            f"No credentials: set {_CHOICES} (or the environment variables {', '.join(_variables('keys'))}, {', '.join(_variables('token'))}, "
            f"{', '.join(_variables('user'))}, or a file of another tool)."
        )
    if len(kinds) > 1:
        present = [name for kind in kinds for name in KINDS[kind] if values[name]]
        raise OptionError(
            f"{listed(present)} are credentials of different kinds, and only one kind can be used. Set {_CHOICES}, and leave the others out."
        )
    return kinds[0]


def _check_agency(values: t.Mapping[str, str | None], kind: str) -> None:
    agency = [name for name in ("agency_name", "agency_domain_name") if values[name]]
    if len(agency) == 1:
        other = "agency_domain_name" if agency == ["agency_name"] else "agency_name"
        raise OptionError(
            f"{agency[0]} without {other}: an agency is known by its name and the account that owns it: set both, or neither."
        )
    if agency and kind == MACHINE:
        raise OptionError(
            "agency_name with use_instance_metadata: the keys of this machine are an agency's already. "
            "Leave one of them out, or assume the agency with access_key and secret_key."
        )
    if agency and kind == "token":
        raise OptionError(
            "agency_name with auth_token: an agency is assumed with access_key and secret_key, or with user_name, user_password and domain_name."
        )
    if agency and values["security_token"]:
        raise OptionError("agency_name with security_token: an agency is assumed with the permanent access_key and secret_key of a user.")


def kinds_of(environ: t.Mapping[str, str]) -> set[str]:
    """The kind of credentials in the environment, or an empty set. HW_DOMAIN_NAME alone does not count: other tools need it next to keys.

    :raises OptionError: there are several kinds.
    """
    variables_of: dict[str, list[str]] = {}
    for kind, family in _FAMILIES:
        variables_of.setdefault(kind, []).extend(
            variable for name, variable in family.items() if name != "domain_name" and environ.get(variable, "").strip()
        )
    kinds = {kind for kind, variables in variables_of.items() if variables}
    if len(kinds) > 1:
        names = listed([variable for kind in KINDS for variable in variables_of.get(kind, ())])
        raise OptionError(
            f"The environment holds credentials of different kinds: {names}. Unset all but one kind, or set one kind as options."
        )
    return kinds


def _family(kind: str, given: t.Mapping[str, str], environ: t.Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Option -> (value, variable) of the first family of *kind* that has values and does not contradict *given*; {} without one."""
    for kind_of_family, family in _FAMILIES:
        values = {name: (value, variable) for name, variable in family.items() for value in [text_of(environ.get(variable), name)] if value}
        if kind_of_family != kind or not values or any(given.get(name, value) != value for name, (value, dummy) in values.items()):
            continue
        if "access_key" in given and "access_key" not in values:
            values.pop("security_token", None)  # a security token belongs to one access key, and this family names none
        return values
    return {}


def _variables(kind: str) -> list[str]:
    """The preferred variables of the required options of *kind*."""
    return [ENVIRONMENT[name][0] for name in KINDS[kind] if name not in _OPTIONAL]


def _with_variables(names: t.Iterable[str]) -> str:
    return listed([f"{name} (or {' / '.join(ENVIRONMENT[name])})" if name in ENVIRONMENT else name for name in names])


def project_to_look_up(resolved: Options) -> str:
    """Name of the project to look up: HW_PROJECT_NAME if set, else the region's. :raises OptionError: neither is set."""
    name = resolved.get("project_name") or region_id(resolved.get("region"))
    if name is None:
        raise OptionError(
            "project_id is missing, and without region it cannot be looked up: set project_id (or HW_PROJECT_ID) or region (or HW_REGION_NAME)."
        )
    return str(name)
