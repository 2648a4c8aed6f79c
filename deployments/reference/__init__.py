"""The reference pages `docs/settings.md` and `docs/errors.md`, made from the code that they describe: `make reference`."""
