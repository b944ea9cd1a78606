"""``python -m ptarmigan``, which ``torchrun`` needs."""

from __future__ import annotations

from ptarmigan.cli import main

if __name__ == "__main__":
    main()
