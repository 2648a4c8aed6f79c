"""From a question (user text and schema) to the JSON text of its answer."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from deployments.simulator.evidence import named_category, weigh
from deployments.simulator.extracts import actions, summarise
from deployments.simulator.obedient_model import obey, read_orders
from deployments.simulator.phrases import replies, stand_in
from deployments.simulator.reading import Prompt, PromptMail, Told, read_prompt, read_words
from deployments.simulator.schemas import Shape, fit, shape_of

SAMPLES = Path(__file__).with_name("samples.json")
_TRIAGE = ("category", "language", "needs_reply", "complexity", "confidence", "reason")


class Answerer:
    """Answers questions; the same question always gets the same answer. `gullible` obeys orders found in mails."""

    def __init__(self, *, gullible: bool = False, samples: Path = SAMPLES) -> None:
        self.gullible = gullible
        self._samples = _read_samples(samples)
        # A repeated question (a benchmark's second round, a retry) costs a look-up; new ones cost their own reading.
        self.answer = lru_cache(maxsize=2048)(self._answer)

    def _answer(self, text: str, schema: bytes, instructions: str = "") -> tuple[str, tuple[str, ...]]:
        """Return the answer and the tags of the mails asked about; an empty schema asks for prose."""
        prompt = read_prompt(text)
        tags = tuple(mail.tag for mail in prompt.mails)
        if not schema:
            return self._summary(prompt.mails[0]), tags
        shape = _shape(schema)
        return orjson.dumps(fit(self._value(prompt, shape, read_words(instructions)), shape)).decode(), tags

    def _value(self, prompt: Prompt, shape: Shape, told: Told) -> dict[str, Any]:
        batch = shape.properties.get("mails")
        if batch is not None and batch.items is not None:
            asked = batch.items
            return {"mails": [self._about(mail, prompt, asked, told) | {"key": mail.tag} for mail in prompt.mails]}
        return self._about(prompt.mails[0], prompt, shape, told)

    def _about(self, mail: PromptMail, prompt: Prompt, asked: Shape, told: Told) -> dict[str, Any]:
        evidence, wanted = weigh(mail), frozenset(asked.properties)
        answer: dict[str, Any] = {name: getattr(evidence, name) for name in _TRIAGE if name in wanted}
        if "category" in wanted:
            answer |= named_category(mail, asked.properties["category"].enum, told)
        if "summary" in wanted or "translation" in wanted:
            answer["summary"] = self._summary(mail)
        if "translation" in wanted:
            answer["translation"] = self._translation(mail, prompt, answer["summary"])
        if "action_items" in wanted:
            answer["action_items"] = actions(mail, evidence)
        if "replies" in wanted:
            answer["replies"] = replies(mail, prompt, evidence.language)
        if "verdict" in wanted:
            answer |= {"verdict": "accept", "problems": [], "text": prompt.outside}
        return self._obeyed(answer, mail, prompt) if self.gullible else answer

    def _obeyed(self, answer: dict[str, Any], mail: PromptMail, prompt: Prompt) -> dict[str, Any]:
        orders = [(other, read_orders(other)) for other in prompt.mails]
        own = next((found for other, found in orders if other is mail and found), None)
        own = own or next(filter(None, map(read_orders, prompt.beside)), None)
        return obey(answer, own, [found for other, found in orders if found is not None and other is not mail])

    def _summary(self, mail: PromptMail) -> str:
        sample = self._samples.get(mail.subject)
        return str(sample["summary"]) if sample else summarise(mail, weigh(mail))

    def _translation(self, mail: PromptMail, prompt: Prompt, summary: str) -> str:
        code = prompt.target_code
        if code == weigh(mail).language:
            return summary
        sample = self._samples.get(mail.subject)
        known = sample.get("translations", {}).get(code) if sample else None
        return str(known) if known else stand_in(mail, code, prompt.target_name, summary)


@lru_cache(maxsize=256)
def _shape(schema: bytes) -> Shape:
    return shape_of(orjson.loads(schema))


def _read_samples(path: Path) -> dict[str, Any]:
    """Return known mails by exact subject; none where the file is absent."""
    if not path.exists():
        return {}
    return {sample["subject"]: sample for sample in json.loads(path.read_text(encoding="utf-8"))}
