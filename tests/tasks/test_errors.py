import pickle

import pytest

from tasks import errors
from tasks.faults import SeveralFaults

ARGUMENTS = {errors.ChunkUnfinished: ("said", "rows", True), SeveralFaults: (["said", "and more"],)}


def subclasses(cls):
    return [cls, *(found for child in cls.__subclasses__() for found in subclasses(child))]


@pytest.mark.parametrize("cls", subclasses(errors.MailroomError), ids=lambda cls: cls.__name__)
def test_every_error_survives_pickling_with_all_it_knows(cls):
    error = cls(*ARGUMENTS.get(cls, ("said",)))
    said = str(error)
    error.note = "kept"

    again = pickle.loads(pickle.dumps(error))

    assert type(again) is cls
    assert str(again) == said
    assert "said" in said
    assert again.note == "kept"
    assert again.code in errors.ERROR_CODES


def test_what_a_call_knows_travels_along():
    error = errors.RateLimited("slow down", provider="openai", status=429, request_id="r1", retry_after_s=2.5)

    again = pickle.loads(pickle.dumps(error))

    assert (again.provider, again.status, again.request_id, again.retry_after_s) == ("openai", 429, "r1", 2.5)


@pytest.mark.parametrize("said", ["`x` is not there", "`x` is not there.", "`x` is\nnot there"])
def test_an_error_is_told_as_sentences_with_what_to_do(said):
    assert errors.SourceError(said).told == "`x` is not there. Check the source that the message names."


def test_what_to_do_is_not_told_twice():
    error = errors.Overloaded(f"openai said 529. {errors.Overloaded.advice}")
    assert error.told == str(error)


def test_a_message_that_says_itself_what_to_do_gets_no_second_advice():
    said = "No server answers at `x`, which Y names. Start it, or unset it."
    assert errors.Misconfigured(said).told == said
