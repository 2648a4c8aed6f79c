"""Generates `docs/settings.md` and `docs/errors.md` from the code that they describe: `make reference`."""
