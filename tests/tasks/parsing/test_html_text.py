"""HTML is what a reader would see, and what a reader would not see is kept apart."""

import pytest

from tasks.parsing.html_text import read_html
from tasks.parsing.limits import Limits

SEEN = "<p>Seen.</p>"


@pytest.mark.parametrize(
    "hiding",
    [
        '<div style="display:none">X1</div>',
        '<div style="DISPLAY : none !important">X1</div>',
        '<span style="visibility:hidden">X1</span>',
        '<span style="opacity:0">X1</span>',
        '<span style="font-size:0px">X1</span>',
        '<span style="mso-hide:all">X1</span>',
        '<span style="max-height:0;overflow:hidden">X1</span>',
        '<p style="text-indent:-9999px">X1</p>',
        "<p hidden>X1</p>",
        '<font color="#ffffff">X1</font>',
        '<p style="color: white">X1</p>',
        '<div style="background:#000"><p style="color:#000">X1</p></div>',
        '<style>.preheader{display:none}</style><p class="preheader">X1</p>',
        '<style>@media print{p{color:red}} div .pre{visibility:hidden}</style><div><p class="pre">X1</p></div>',
        '<style>.light{background:#fdfdfd}</style><p class="light" style="color:#fefefe">X1</p>',
        '<style>@media (max-width:9px){.box{background:#000}}</style><p class="box" style="color:white">X1</p>',
        '<div style="display:none"><p><b>X1</b></p></div>',
    ],
)
def test_hidden_text_is_found_and_taken_out(hiding):
    got = read_html(SEEN + hiding, Limits())

    assert got.text == "Seen."
    assert got.hidden == "X1"


@pytest.mark.parametrize(
    "shown",
    [
        '<div style="display:block">X1</div>',
        '<div style="background:#000"><p style="color:white">X1</p></div>',
        '<table bgcolor="#112233"><tr><td style="color:#fff">X1</td></tr></table>',
        '<p style="opacity:0.9">X1</p>',
        '<div style="font-size:0"><span style="font-size:14px">X1</span></div>',
        '<style>@media (max-width:600px){.m{display:none}}</style><p class="m">X1</p>',
        '<p style="color:#333;background-color:#fff">X1</p>',
        '<style>.dark{background:#036}</style><div class="dark"><p style="color:#fff">X1</p></div>',
        '<style>#top{background:#222 url(x.png)}</style><div id="top"><p style="color:white">X1</p></div>',
        '<style>.a .b{background:linear-gradient(#000,#111)}</style><div class="a">'
        '<p class="b" style="color:#fff">X1</p></div>',
        '<style>td.c, .d{background-color:rgb(0,0,0)}</style><table><tr><td class="c"><font color="white">X1</font>'
        "</td></tr></table>",
        '<style>body{background:#111}</style><p style="color:#FFFFFF">X1</p>',
        '<style>@media print{p{color:red}} .dark{background:#036}</style><p class="dark" style="color:#fff">X1</p>',
    ],
)
def test_ordinary_style_hides_nothing(shown):
    got = read_html(SEEN + shown, Limits())

    assert "X1" in got.text
    assert got.hidden == ""


@pytest.mark.parametrize("tag", ["div", "table><tr><td", "blockquote", "ul><li", "span"])
def test_text_is_never_lost_to_nesting(tag):
    deep = "".join(f"<{tag}>" for _ in range(3_000)) + "the end"

    assert "the end" in read_html(deep, Limits()).text


def test_what_is_too_deep_to_be_searched_says_so():
    assert read_html("<div>" * 6_000 + "x", Limits()).defect == "HTML too deeply nested to look for hidden text"


def test_scripts_and_titles_are_not_text_and_alternatives_of_pictures_are():
    page = "<title>T</title><script>var x</script><style>p{}</style><p>Hi</p><img src=x alt='A kettle'>"

    assert read_html(page, Limits()).text.split("\n\n") == ["Hi", "A kettle"]


@pytest.mark.parametrize("broken", ["", "<", "<p", "<!--", "\ud800<p>x", "&#xD800;", "<a href=", "]]>", "<p>\x00x"])
def test_broken_html_raises_nothing(broken):
    read_html(broken, Limits()).text.encode()


def test_marks_for_quoted_elements_cannot_be_forged():
    page = "<p>a\ufdd00\ufdd4 &#xFDD0;0&#64980;</p><blockquote type='cite'>Old.</blockquote>"
    got = read_html(page, Limits(), marking=True)

    assert got.text.split() == ["a0", "0", "\ufdd00\ufdd4"]
    assert got.elements == ["Old."]
