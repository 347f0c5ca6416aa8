"""A policy that a command is given: a preset by its name, or a .toml file with its examples beside it."""

from __future__ import annotations

from pathlib import Path

from rescind.commands.speaking import fail, language
from rescind.core.policy import Policy, PolicyError, examples, load
from rescind.core.policy.example import Book, Failure
from rescind.core.policy.position import near
from rescind.core.sentence import Sentence, phrased, why
from rescind.policies import names, preset, retold, worked_examples

ENDING = ".toml"


class UnknownPolicy(Exception):
    """There is no such policy, or it cannot be read. The message says what there is, or where the mistake stands."""


def find(name: str) -> Policy:
    """The preset of this name, or the policy in this .toml file, which may extend a preset. Raises UnknownPolicy."""
    try:
        if name.endswith(ENDING):
            bases = {known: preset(known) for known in names()}
            return load(Path(name).read_bytes(), name, bases=bases)
        return preset(name)
    except KeyError:
        said = phrased(
            "There is no policy called %(name)s%(guess)s Presets: %(these)s.",
            name=repr(name),
            guess=near(name, names()) or ".",
            these=", ".join(names()),
        )
        raise UnknownPolicy(said) from None
    except PolicyError as error:
        raise UnknownPolicy(mistake(error)) from None
    except OSError as error:
        raise UnknownPolicy(
            phrased("%(name)s cannot be read: %(strerror)s.", name=name, strerror=error.strerror)
        ) from None


def mistake(error: PolicyError) -> Sentence:
    """Where a mistake stands, and what it is."""
    place = f"{error.file}:{error.line}:{error.column}"
    return phrased("%(place)s: %(mistake)s", place=place, mistake=error.message)


def told_failure(one: Failure) -> str:
    """An example that did not come out, in the terminal's language."""
    spoken = language()
    return f"{one.example}: {retold(one.says, spoken.tag)}\n    {spoken.told(one.message)}"


def policy_called(name: str) -> Policy:
    """The same; what cannot be read ends the command."""
    try:
        return find(name)
    except UnknownPolicy as error:
        fail(language().told(why(error)))


def examples_of(name: str) -> Book | None:
    """The worked examples of a preset, or those beside a file; a file may have none."""
    if not name.endswith(ENDING):
        return worked_examples(name)
    file = Path(name.removesuffix(ENDING) + ".examples.toml")
    try:
        return examples(file.read_bytes(), str(file)) if file.exists() else None
    except PolicyError as error:
        fail(language().told(mistake(error)))
    except OSError as error:
        fail(str(error))
