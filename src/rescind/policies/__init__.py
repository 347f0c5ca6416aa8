"""The shipped presets: `<name>.toml`, and `<name>.examples.toml` with its examples. The folder is the list."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from rescind.core.policy import Policy, load
from rescind.core.policy.example import Book, examples
from rescind.core.story import Story, stories


def names() -> tuple[str, ...]:
    """The presets there are, in alphabetical order."""
    found = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(n.removesuffix(".toml") for n in found if n.endswith(".toml") and ".examples" not in n))


@cache
def preset(name: str) -> Policy:
    """The preset of this name, loaded once. KeyError when there is none; PolicyError names the place of a mistake."""
    if name not in names():
        raise KeyError(name)
    extended = tomllib.loads(source(name).decode()).get("extends", "")
    bases = {extended: preset(extended)} if extended else {}
    return load(source(name), f"policies/{name}.toml", bases=bases)


def all_of_them() -> tuple[Policy, ...]:
    """Every shipped policy."""
    return tuple(map(preset, names()))


def presets() -> tuple[str, ...]:
    """Names of those a shop can be sold under; the others are laws and the like, which no shop chooses."""
    return tuple(name for name in names() if preset(name).layer == "preset")


def laws() -> tuple[Policy, ...]:
    """The law packs among them."""
    return tuple(policy for policy in map(preset, names()) if policy.layer == "law")


def automation() -> Policy:
    """What the platform agrees to in the place of a shop that answers too slowly (R-036)."""
    return preset("automation")


def source(name: str) -> bytes:
    """The preset's text as its authors wrote it."""
    return files(__name__).joinpath(f"{name}.toml").read_bytes()


def worked_examples(name: str) -> Book:
    """The preset's examples."""
    file = f"{name}.examples.toml"
    return examples(files(__name__).joinpath(file).read_bytes(), f"policies/{file}")


@cache
def _retold(tag: str) -> Mapping[str, str]:
    file = files(__name__).joinpath(f"says.examples.{tag}.toml")
    return tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}


def retold(says: str, tag: str) -> str:
    """What a worked example says, in another language; as it is where nobody has translated it."""
    return _retold(tag).get(says, says)


TOLD = ("scenarios.examples.toml", "stories.examples.toml")
"""The files of stories: those of the rule book, and those that nobody listed."""


def told() -> tuple[Story, ...]:
    """The scenarios that need more than one question, and what else is told of the presets, as stories."""
    return tuple(
        story for file in TOLD for story in stories(files(__name__).joinpath(file).read_bytes(), f"policies/{file}")
    )
