"""What every command says of itself, and of what was typed wrong, in the terminal's language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from typer import rich_utils
from typer.exceptions import TyperException

from rescind.commands.speaking import _, err
from rescind.core.sentence import marked
from rescind.locales import DEFAULT, Locale

_FRAME = {
    "ARGUMENTS_PANEL_TITLE": marked("Arguments"),
    "OPTIONS_PANEL_TITLE": marked("Options"),
    "COMMANDS_PANEL_TITLE": marked("Commands"),
    "DEFAULT_STRING": marked("[default: {}]"),
    "ENVVAR_STRING": marked("[env var: {}]"),
    "REQUIRED_LONG_STRING": marked("[required]"),
}
"""What stands around the help, by its name where it is kept."""
_USAGE = marked("Usage:")
_HELP = marked("Show this message and exit.")
_NO_COMMAND = re.compile(r"No such command '(?P<name>.*?)'\.?(?: Did you mean (?P<near>.*)\?)?")
_TOO_MUCH = re.compile(r"Got unexpected extra argument.*? \((?P<words>[^()]*)\)$")
_VALUES = (
    (re.compile(r"'(?P<value>.*?)' is not one of (?P<these>.*?)\.?$"), marked("%(name)s must be one of: %(these)s.")),
    (re.compile(r"less than or equal to (?P<most>\d+)"), marked("%(name)s must be %(most)s or less.")),
    (re.compile(r"greater than or equal to (?P<least>\d+)"), marked("%(name)s must be %(least)s or more.")),
    (re.compile(r"valid integer"), marked("%(name)s must be a whole number.")),
    (re.compile(r"does not match the formats"), marked("%(name)s must be a day such as 2026-09-08.")),
    (re.compile(r"does not exist"), marked("%(name)s does not exist.")),
)
"""What a value should be: as the reader of options says it, and as we do."""


def every(command: Any) -> Iterator[Any]:
    """A command and all below it."""
    yield command
    for one in getattr(command, "commands", {}).values():
        yield from every(one)


def sentences(command: Any) -> Iterator[str]:
    """What it and all below it say of themselves, and what they ask for, in English."""
    for one in every(command):
        yield from (paragraphs(text) for text in (one.help, *_of(one.params)) if text)


def _of(params: Any) -> Iterator[str]:
    for one in params:
        yield one.help
        if isinstance(question := getattr(one, "prompt", None), str):
            yield question


def paragraphs(text: str) -> str:
    """A help text as it is read: a paragraph a line, without the marks of code."""
    parts = re.split(r"\n\s*\n", text.replace("``", "`").strip())
    return "\n\n".join(" ".join(part.split()) for part in parts)


def speak(command: Any, language: Locale) -> None:
    """Let a command and all below it speak a language."""
    _ = language.gettext
    for one in every(command):
        if one.help:
            one.help = _(paragraphs(one.help))
        # The option that asks for help is made when it is first looked at.
        asks = one.get_help_option(one.context_class(one))
        for param in (*one.params, *([asks] if asks else ())):
            param.help = _(paragraphs(param.help)) if param.help else param.help
            if isinstance(getattr(param, "prompt", None), str):
                param.prompt = _(param.prompt)
            if getattr(param, "is_flag", False):
                # It takes no value, and should not look as if it did.
                param.display_type_rich = _nothing
    if language.tag == DEFAULT:
        return
    for name, text in _FRAME.items():
        setattr(rich_utils, name, _(text))
    for one in every(command):
        one.get_usage = _said_with(one.get_usage, _(_USAGE))


def _nothing(ctx: object) -> None:
    """What a flag says of its value."""


def _said_with(usage: Callable[[Any], str], word: str) -> Callable[[Any], str]:
    return lambda context: usage(context).replace(_USAGE, word, 1)


def misused(error: TyperException) -> int:
    """Say what was typed wrong, and where its help is; gives the exit status."""
    context: Any = getattr(error, "ctx", None)
    place = context.command_path if context else "rescind"
    said = f"{_wrong(error)} {_('See: %(command)s') % {'command': f'{place} --help'}}"
    err.print(f"rescind: {said}", highlight=False, markup=False, soft_wrap=True)
    return error.exit_code


def _wrong(error: TyperException) -> str:
    said = error.format_message()
    param: Any = getattr(error, "param", None)
    named = {"name": "/".join(param.opts) if param and param.param_type_name == "option" else _placed(param)}
    match type(error).__name__:
        case "NoSuchOption":
            return _("There is no option %(name)s.") % {"name": getattr(error, "option_name", "")}
        case "MissingParameter":
            return _("%(name)s is missing.") % named
        case "BadParameter":
            for pattern, sentence in _VALUES:
                if found := pattern.search(said):
                    return _(sentence) % {**found.groupdict(), **named}
            return _("%(name)s cannot be used: %(why)s") % {**named, "why": getattr(error, "message", said)}
        case "BadOptionUsage":
            return _("%(name)s is not used like that: %(why)s") % {
                "name": getattr(error, "option_name", ""),
                "why": said,
            }
        case _:
            pass
    if found := _NO_COMMAND.match(said):
        if found["near"]:
            return _("There is no command %(name)s. Did you mean %(near)s?") % found.groupdict()
        return _("There is no command %(name)s.") % found.groupdict()
    if found := _TOO_MUCH.match(said):
        return _("This is too much: %(words)s.") % found.groupdict()
    return said


def _placed(param: Any) -> str:
    return str(param.metavar or param.name).upper() if param else ""
