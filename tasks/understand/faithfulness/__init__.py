"""Compares an answer with its mail by code: does what it says stand there? A check that is not sure says nothing."""

from tasks.understand.faithfulness.checks import MailFacts, unfaithful

__all__ = ["MailFacts", "unfaithful"]
