"""A quick estimate of tokens without a tokenizer, which would have to be fetched from the network."""

from __future__ import annotations


def estimate_tokens(text: str) -> int:
    """About how many tokens a model reads `text` as, rather too many than too few.

    Four Latin letters make a token, two Cyrillic or Arabic ones, and one Chinese or Japanese character; how many
    bytes UTF-8 needs beyond one a character tells the scripts apart.
    """
    characters = len(text)
    if not characters:
        return 0
    beyond = len(text.encode("utf-8", "surrogatepass")) - characters
    return int(characters / 3.7 + beyond * 0.42) + 1
