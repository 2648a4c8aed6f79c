from tasks.questions import Link
from tasks.runs import Run
from tasks.settings import read_settings
from tasks.understand.second_reader import read_again, readers_of

MAIL = {
    "message_key": "a" * 64, "sender": "Ann <ann@company.example>", "sender_name": "Ann", "subject": "Login fails",
    "date": "", "attachments": [], "text": "The login fails. Please help.", "model": "gpt-6-luna",
}  # fmt: skip


def test_another_model_reads_and_its_answer_is_a_word(provider_env, ledger_url):
    run = Run(id="r", settings=read_settings(ledger_url=ledger_url))

    opinion = read_again(MAIL, "We will look at it.", run)

    assert (opinion.word, opinion.problems) == ("accept", ())
    assert opinion.reader not in ("", MAIL["model"])
    assert provider_env.stats()["total"]["answered"] == 1


def test_the_writer_never_reads_its_own_words_where_there_is_another(provider_env):
    settings = read_settings(provider="openai", fallbacks=("anthropic",))

    first, second = readers_of(settings, "gpt-6.1-sol")
    assert first.provider == "anthropic"
    assert (second.provider, second.model != "gpt-6.1-sol") == ("openai", True)
    assert readers_of(read_settings(second_reader="gemini/gemini-4-argon"), "x") == (
        Link(provider="gemini", model="gemini-4-argon"),
    )
