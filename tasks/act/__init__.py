"""Performs what was decided, through the outbox: each effect is recorded before and after, and done at most once.

Each action has a file in `actions/` (a `Performer`). `outbox` runs them; `reconcile` settles interrupted effects.
"""
