import pytest

from tasks.act.destinations import read_destinations
from tasks.errors import Misconfigured


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAILROOM_ENDPOINTS", '{"crm": {"url": "ftp://x", "secret": "whsec_geheim"}}'),
        ("MAILROOM_ENDPOINTS", '{"crm": {"url": "https://x", "secret": "whsec_geheim", "extra": 1}}'),
        ("MAILROOM_ENDPOINTS", '{"crm": "whsec_geheim"'),
        ("MAILROOM_SMTP_PORT", "geheim"),
    ],
)
def test_a_bad_setting_is_named_and_its_value_is_not(monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    with pytest.raises(Misconfigured) as caught:
        read_destinations()
    assert name.removeprefix("MAILROOM_").lower() in str(caught.value).lower()
    assert "geheim" not in str(caught.value)
