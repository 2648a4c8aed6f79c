"""Understands a mail with models: triage, then the analyses that it is worth. Code checks the answers."""
