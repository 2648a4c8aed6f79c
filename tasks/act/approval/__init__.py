"""Approval of held effects: what a person is shown, the form for the decision, and what is done with it."""
