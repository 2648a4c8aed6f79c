"""Doing what was decided, through the outbox: written down before it is done and after, each effect at most once.

A file named after an action performs it, a `Performer`; `outbox` runs them, `reconcile` clears up what was cut short.
"""
