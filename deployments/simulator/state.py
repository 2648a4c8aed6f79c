"""What the simulator remembers between requests, and how it answers a question."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from deployments.simulator.answers import Answerer
from deployments.simulator.batches import Item, StoredBatch, StoredFile
from deployments.simulator.counters import Counters
from deployments.simulator.wire import Answered, JsonObject, Provider, TokenUsage, WireQuestion, tokens_of

DAY_S = 86_400.0
_PAGE = 20
# What providers bill for an image or a page, near enough, when all we have is base64.
_MEDIA_TOKENS = 258
# Shorter prompt prefixes are never cached:
# platform.openai.com/docs/guides/prompt-caching, docs.claude.com prompt caching.
_FEWEST_CACHED_TOKENS = 1024


@dataclass(slots=True)
class SimulatorState:
    """What all requests share: the answerer, accepted keys (none: any key), counts, files, batches, seen prefixes.

    A batch is done `batch_s` after it was made, or expires with what it has after `batch_expires_s`.
    """

    answerer: Answerer
    keys: frozenset[str] = frozenset()
    batch_s: float = 0.0
    batch_expires_s: float = DAY_S
    counters: Counters = field(default_factory=Counters)
    files: dict[str, StoredFile] = field(default_factory=dict)
    batches: dict[str, StoredBatch] = field(default_factory=dict)
    _prefixes: set[tuple[str, str]] = field(default_factory=set)

    def ask(self, question: WireQuestion) -> tuple[str, bool, TokenUsage, tuple[str, ...]]:
        """Return the answer's text, whether `most_tokens` cut it, what it cost, and the tags of its mails."""
        text, tags = self.answerer.answer(question.text, question.schema, question.instructions)
        cut = question.most_tokens is not None and tokens_of(text) > question.most_tokens
        if cut and question.most_tokens is not None:
            text = text.encode()[: question.most_tokens * 4].decode(errors="ignore")
        stored, cached = self._cache(question)
        asked = tokens_of(question.instructions) + tokens_of(question.text) + question.media * _MEDIA_TOKENS
        asked += tokens_of(question.schema)
        usage = TokenUsage(input_tokens=asked, output_tokens=tokens_of(text), cached=cached, stored=stored)
        return text, cut, usage, tags

    def reset(self) -> None:
        """Forget everything that was asked and sent before."""
        self.counters.reset()
        for memory in (self.files, self.batches, self._prefixes):
            memory.clear()

    def begin_batch(
        self, batch_id: str, provider: Provider, items: list[Item], answer: Callable[[JsonObject], Answered]
    ) -> StoredBatch:
        """Return a new batch, on record and counted; its requests are answered as time goes by."""
        batch = StoredBatch(
            id=batch_id,
            provider=provider,
            items=items,
            answer=answer,
            begun=time.time(),
            lasts_s=self.batch_s,
            expires_s=self.batch_expires_s,
        )
        self.batches[batch_id] = batch
        self.counters.note_batch(provider)
        return batch

    def advance(self, *batches: StoredBatch) -> None:
        """Settle and count what is due in the batches by now."""
        for batch in batches:
            for outcome in batch.advance(time.time()):
                self.counters.note_batched(batch.provider, outcome)

    def page_of_batches(self, provider: Provider, query: str, cursor: str) -> tuple[list[StoredBatch], bool]:
        """Return a provider's batches, newest first, after the one that `cursor` names, and whether there are more."""
        wanted = dict(parse_qsl(query))
        batches = [batch for batch in reversed(self.batches.values()) if batch.provider == provider]
        ids = [batch.id for batch in batches]
        after, limit = wanted.get(cursor), wanted.get("limit", "")
        start = ids.index(after) + 1 if after in ids else 0
        page = batches[start : start + (int(limit) if limit.isdecimal() else _PAGE)]
        self.advance(*page)
        return page, start + len(page) < len(batches)

    def _cache(self, question: WireQuestion) -> tuple[int, int]:
        """Return tokens written to and read from the prompt cache; the first sight of a prefix writes it."""
        tokens = tokens_of(question.prefix)
        if tokens < _FEWEST_CACHED_TOKENS:
            return 0, 0
        seen = (question.model, question.prefix) in self._prefixes
        self._prefixes.add((question.model, question.prefix))
        if question.own_caching:
            return 0, tokens // 128 * 128 if seen else 0
        return (0, tokens) if seen else (tokens, 0)
