import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from tasks.chunks import collect, split_rows

FRAMES = st.lists(st.tuples(st.text(max_size=5), st.integers(-5, 5)), max_size=60).map(
    lambda rows: pd.DataFrame(rows, columns=["key", "number"]).astype({"key": "str", "number": "int64"})
)


@given(FRAMES, st.integers(1, 50))
def test_joined_chunks_are_the_frame_that_was_split(frame, rows):
    chunks = split_rows(frame, rows)

    assert all(1 <= len(chunk) <= rows for chunk in chunks)
    assert_frame_equal(collect(iter(chunks), chunks, frame.head(0), lost=None), frame)


def test_a_lost_chunk_is_told_apart_and_stands_in_its_place():
    frame = pd.DataFrame({"key": ["a", "b", "c"]})
    chunks = split_rows(frame, 1)

    joined = collect(
        [chunks[0], ValueError("gone"), chunks[2]],
        chunks,
        frame.head(0),
        lost=lambda chunk, why: chunk.assign(key=[f"{key}: {why}" for key in chunk["key"]]),
    )

    assert joined["key"].tolist() == ["a", "b: gone", "c"]
