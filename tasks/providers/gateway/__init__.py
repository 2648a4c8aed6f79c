"""Gets an answer to a question: the chain of providers, retries, keys, rate limits, circuits, budget and the book."""
