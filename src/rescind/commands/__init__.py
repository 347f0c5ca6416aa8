"""The commands of the terminal, a module each by its name; ``rescind.cli`` names them all.

What they share: ``terminal`` reads settings and runs, ``installation`` and ``desk`` open what a command works on,
``speaking`` and ``helping`` have the words.
"""
