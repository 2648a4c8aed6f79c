"""What a mail looks like to the classifier: places in a hashed space, and how much each counts. No word is kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

VERSION = 1
"""Raised whenever the same mail gets other features; a model is only used with those that it was trained on."""
SIZE = 1 << 17
_TEXT_CHARS = 2_000
_WORD = re.compile(r"\w+")
_GRAMS = (3, 4)
_GRAM_CHARS = 700
_PRIMES = np.array([2_654_435_761, 40_503, 2_246_822_519, 3_266_489_917], dtype=np.uint64)

Features = tuple[NDArray[np.int32], NDArray[np.float32]]
"""Places, and the logarithm of how often each was met."""


def features_of(mail: Mapping[str, Any]) -> Features:
    """The features of a mail, a row of `Messages`: words and pairs of them, letters, sender, and what kind it is."""
    subject, text = mail["subject"].casefold(), mail["text"][:_TEXT_CHARS].casefold()
    met: Counter[int] = Counter(_place(f"{kind}:{value}") for kind, value in _facts(mail))
    words, of_subject = _WORD.findall(text), _WORD.findall(subject)
    met.update(_place(f"w:{word}") for word in words)
    met.update(_place(f"s:{word}") for word in of_subject)
    met.update(_place(f"p:{one} {other}") for one, other in pairwise(words))
    met.update(_place(f"q:{one} {other}") for one, other in pairwise(of_subject))
    places = np.fromiter(met, dtype=np.int32, count=len(met))
    counts = np.fromiter(met.values(), dtype=np.float32, count=len(met))
    grams, often = _grams(f"{subject}\n{text[:_GRAM_CHARS]}")
    return np.concatenate([places, grams]), 1.0 + np.log(np.concatenate([counts, often]))


def sender_of(mail: Mapping[str, Any]) -> str:
    """The sender's address, folded; empty where there is none."""
    found = re.search(r"[^<>\s\"]+@[^<>\s\"]+", mail["sender"])
    return found[0].casefold() if found else ""


def _facts(mail: Mapping[str, Any]) -> list[tuple[str, str]]:
    address = sender_of(mail)
    domain = address.rpartition("@")[2]
    links = min(9, mail["text"].count("http"))
    shouts = mail["text"].count("!") > 3
    return [
        ("from", address), ("domain", domain), ("ending", domain.rpartition(".")[2]), ("kind", mail["kind"]),
        ("automatic", str(bool(mail["automatic"]))), ("language", mail["language"]), ("links", str(links)),
        ("shouts", str(shouts)), ("length", str(int(np.log2(1 + len(mail["text"]))))),
        ("attached", str(min(3, len(mail["attachments"])))), ("asks", str(min(3, mail["text"].count("?")))),
    ]  # fmt: skip


def _place(name: str) -> int:
    return crc32(name.encode()) % (SIZE // 2)


def _grams(text: str) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Rows of letters, in the upper half of the space; counted by array, because a mail has thousands."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    hashes = [np.empty(0, dtype=np.uint64)]
    for size in _GRAMS:
        if len(codes) >= size:
            windows = np.lib.stride_tricks.sliding_window_view(codes, size)
            mixed = (windows * _PRIMES[:size]).sum(axis=1, dtype=np.uint64)
            hashes.append((mixed ^ (mixed >> np.uint64(15))) * np.uint64(2_246_822_519) >> np.uint64(7))
    places, counts = np.unique(np.concatenate(hashes) % np.uint64(SIZE // 2), return_counts=True)
    return (places.astype(np.int32) + SIZE // 2), counts.astype(np.float32)
