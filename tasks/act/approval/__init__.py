"""Held effects before a person: what is shown of each, the form they are decided in, and what a decision comes to."""
