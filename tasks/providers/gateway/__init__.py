"""Asks until there is an answer: the chain of providers, retries, keys, limits, circuits, money and the book."""
