"""What the program registers, drawn and tabled: `docs/environment.md` and `docs/environment.svg`."""
