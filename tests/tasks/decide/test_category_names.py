import pytest

from tasks.decide.category_names import named_categories


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("category == 'BILL'", ["BILL"]),
        ('category != "BILL" && needs_reply', ["BILL"]),
        ("'BILL' == category", ["BILL"]),
        ("(needs_reply||category=='A')&&category!='B'", ["A", "B"]),
        ("!(category in ['A', \"B\", r'C', '''D'''])", ["A", "B", "C", "D"]),
        ("category == ''", [""]),
        ("category in []", []),
        ("kind in ['A'] && language == 'de'", []),
        ("subject == \"category == 'A'\"", []),
        ("subject.contains('it\\'s') && category == 'A'", ["A"]),
        ("attachments.exists(a, a.category == 'A')", []),
        ("category.startsWith('A')", []),
        ("language == target_language && category in ['A']", ["A"]),
        ("category == 'A' ? category == 'B' : false", ["A", "B"]),
    ],
)
def test_the_categories_that_a_condition_compares_with_are_found(condition, names):
    assert list(named_categories(condition)) == names
