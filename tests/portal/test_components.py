"""Lights, urgency and the rest, as words and shapes."""

from datetime import UTC, datetime, timedelta

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from governance.portal.templatetags.components import icon, light_of, time_left, urgency_word
from grid.casework.models.case import Urgency
from grid.worktime.arithmetic.lights import Light

AT = datetime(2026, 7, 12, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "english", "chinese"),
    [
        (timedelta(days=12, hours=5), "12 d left", "剩 12天"),
        (timedelta(days=2, hours=3), "2 d 3 h left", "剩 2天3小时"),
        (timedelta(days=2), "2 d left", "剩 2天"),
        (timedelta(hours=11, minutes=5), "11 h left", "剩 11小时"),
        (timedelta(hours=7, minutes=20), "7 h 20 min left", "剩 7小时20分"),
        (timedelta(minutes=59, seconds=59), "59 min left", "剩 59分钟"),
        (timedelta(seconds=30), "less than a minute left", "剩 不到1分钟"),
        (timedelta(), "less than a minute late", "超 不到1分钟"),
        (-timedelta(hours=5), "5 h late", "超 5小时"),
    ],
)
def test_time_left_is_said_with_at_most_two_units(left, english, chinese):
    with translation.override("en"):
        assert time_left(AT + left, AT) == english
    with translation.override("zh-hans"):
        assert time_left(AT + left, AT) == chinese


def test_nothing_is_said_without_a_due_date():
    assert time_left(None, AT) == ""


@pytest.mark.parametrize("light", [*Light, "paused", "met", "met_late", "none", None])
def test_a_light_is_never_colour_alone(light):
    word = light_of(light)["word"]
    drawn = render_to_string("components/light.html", {"light": light})

    assert word
    assert word in drawn
    assert 'class="light-shape"' in drawn


def test_each_light_has_a_shape_of_its_own():
    drawn = [
        render_to_string("components/light.html", {"light": light})
        for light in ("green", "yellow", "orange", "red")
    ]
    shapes = [html.split("<svg")[1].split("</svg>")[0] for html in drawn]

    assert len(set(shapes)) == 4


def test_a_light_is_named_or_numbered():
    assert light_of(Light.ORANGE) == light_of(2) == light_of("orange")
    with pytest.raises(KeyError):
        light_of("purple")


@pytest.mark.parametrize("urgency", Urgency.values)
def test_urgency_is_a_word_and_a_shape_without_the_colours_of_time(urgency):
    drawn = render_to_string("components/urgency.html", {"urgency": urgency})

    assert urgency_word(urgency) in drawn
    assert "light-" not in drawn


def test_an_icon_is_silent_unless_it_is_given_a_name():
    assert 'aria-hidden="true"' in icon("bell")
    assert 'aria-label="&lt;x&gt;"' in icon("bell", label="<x>")
    with pytest.raises(FileNotFoundError):
        icon("no-such-icon")


def test_a_timeline_says_who_for_whom_when_and_what_changed():
    entry = {
        "seq": 3,
        "verb": "派遣",
        "who": "周敏",
        "organisation": "长西街道",
        "at": AT,
        "happened_on": AT.date(),
        "text": "<b>今天</b>",
        "changed": [("牵头单位", "甲", "乙")],
    }
    drawn = render_to_string("components/timeline.html", {"entries": [entry]})

    for part in (
        'id="entry-3"',
        "派遣",
        "周敏",
        "长西街道",
        "2026-07-12 09:00",
        "<del>甲</del>",
        "<ins>乙</ins>",
    ):
        assert part in drawn
    assert "&lt;b&gt;今天" in drawn


def test_paging_shows_only_the_ways_that_exist():
    drawn = render_to_string("components/pagination.html", {"next_url": "/desk/?after=9", "target": "#list"})

    assert 'href="/desk/?after=9"' in drawn
    assert 'hx-get="/desk/?after=9"' in drawn
    assert 'rel="prev"' not in drawn
