"""``python -m service`` is the command ``refrain``."""

from service.cli import main

main()
