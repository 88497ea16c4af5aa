"""One component draws the fields of forms and of serializers."""

from datetime import UTC, date, datetime

import pytest
from django import forms
from django.template import Context, Template
from rest_framework import serializers

from governance.portal.fields import describe, describe_all, errors_of


class Form(forms.Form):
    title = forms.CharField(label="Title", max_length=5, help_text="Short.")
    story = forms.CharField(widget=forms.Textarea, required=False)
    kind = forms.ChoiceField(choices=[("", ""), ("Fire", [("a", "A"), ("b", "B")])])
    how = forms.ChoiceField(
        choices=[("x", "X"), ("y", "Y")], widget=forms.RadioSelect(attrs={"hints": {"x": "ex"}})
    )
    many = forms.MultipleChoiceField(
        choices=[("1", "One"), ("2", "Two")], widget=forms.CheckboxSelectMultiple
    )
    number = forms.IntegerField(min_value=0)
    day = forms.DateField()
    moment = forms.DateTimeField()
    done = forms.BooleanField(required=False)
    photo = forms.FileField(required=False)
    key = forms.CharField(widget=forms.HiddenInput)


class Serializer(serializers.Serializer):
    reason = serializers.CharField(label="Reason", max_length=9, style={"base_template": "textarea.html"})
    outcome = serializers.ChoiceField(choices=[("s", "Solved"), ("p", "Partly")], style={"type": "radio"})
    tier = serializers.ChoiceField(choices=[("1", "One")], required=False)
    count = serializers.IntegerField(min_value=1, default=3)
    visited_on = serializers.DateField(required=False)
    seen_at = serializers.DateTimeField(required=False)
    quiet = serializers.BooleanField()
    photos = serializers.ListField(child=serializers.ImageField(), required=False)
    number = serializers.CharField(read_only=True)
    preset = serializers.HiddenField(default="x")


def draw(field, **context) -> str:
    return Template("{% load components %}{% field field %}").render(Context({"field": field, **context}))


def test_a_forms_widgets_become_types():
    types = {field["name"]: field["type"] for field in describe_all(Form())}

    assert types == {
        "title": "text",
        "story": "textarea",
        "kind": "select",
        "how": "radio",
        "many": "checkboxes",
        "number": "number",
        "day": "date",
        "moment": "datetime-local",
        "done": "checkbox",
        "photo": "file",
        "key": "hidden",
    }


def test_a_serializers_fields_become_types_without_what_nobody_fills_in():
    types = {field["name"]: field["type"] for field in describe_all(Serializer())}

    assert types == {
        "reason": "textarea",
        "outcome": "radio",
        "tier": "select",
        "count": "number",
        "visited_on": "date",
        "seen_at": "datetime-local",
        "quiet": "checkbox",
        "photos": "file",
    }


def test_limits_that_the_server_holds_are_told_to_the_browser():
    assert describe(Form()["title"])["attrs"] == {"maxlength": "5"}
    assert describe(Form()["number"])["attrs"]["min"] == 0
    assert describe(Serializer()["reason"])["attrs"]["maxlength"] == 9
    assert describe(Serializer()["count"])["attrs"]["min"] == 1


def test_what_was_typed_comes_back_with_its_error():
    form = Form({"title": "much too long", "how": "y", "many": ["2"], "done": "true", "number": "-1"})
    drawn = "".join(draw(form[name]) for name in ("title", "how", "many", "done", "number"))

    assert 'value="much too long"' in drawn
    assert 'value="y" checked' in drawn
    assert 'value="2" checked' in drawn
    assert 'value="true" checked' in drawn
    assert 'value="-1"' in drawn
    assert 'aria-invalid="true"' in drawn
    assert 'aria-describedby="id_title_help id_title_errors"' in drawn


def test_what_was_typed_into_a_serializer_comes_back_with_its_error():
    serializer = Serializer(data={"reason": "", "outcome": "p", "visited_on": "2026-02-31", "tier": "9"})
    serializer.is_valid()
    drawn = "".join(draw(serializer[name]) for name in ("reason", "outcome", "visited_on", "tier"))

    assert 'value="p" checked' in drawn
    assert 'value="2026-02-31"' in drawn
    assert drawn.count('aria-invalid="true"') == 3


def test_a_default_is_shown_before_anything_is_typed_and_never_over_what_was():
    fresh = describe(Serializer()["count"])
    serializer = Serializer(data={"count": "7"})
    serializer.is_valid()

    assert fresh["value"] == "3"
    assert describe(serializer["count"])["value"] == "7"


def test_a_box_that_is_not_ticked_is_an_answer():
    assert not describe(Serializer()["quiet"])["required"]
    assert "required" not in draw(Serializer()["quiet"])


def test_several_photos_may_be_chosen_where_a_list_of_files_is_asked_for():
    assert " multiple" in draw(Serializer()["photos"])
    assert " multiple" not in draw(Form()["photo"])


def test_optional_is_said_and_required_goes_without_saying():
    assert "选填" in draw(Form()["story"])
    assert "选填" not in draw(Form()["title"])


def test_times_are_written_the_way_a_browser_takes_them(settings):
    moment = datetime(2026, 7, 12, 1, 30, tzinfo=UTC)
    form = Form(initial={"day": date(2026, 7, 12), "moment": moment})
    serializer = Serializer({"seen_at": moment, "reason": "", "outcome": "s", "quiet": False, "number": ""})

    assert describe(form["day"])["value"] == "2026-07-12"
    assert describe(form["moment"])["value"] == "2026-07-12T09:30"
    assert describe(serializer["seen_at"])["value"] == "2026-07-12T09:30"


def test_a_prefix_keeps_two_forms_on_one_page_apart():
    first, second = draw(Form()["how"]), draw(describe(Form()["how"], prefix="again"))

    assert 'id="id_how_0"' in first
    assert 'id="again_id_how_0"' in second
    assert 'name="how"' in second
    assert "id_how_0" not in second.replace("again_id_how_0", "")


def test_a_prefix_is_added_once():
    described = describe(describe(Form()["how"], prefix="a"), prefix="a")

    assert described["id"] == "a_id_how"


def test_each_error_of_the_summary_leads_to_a_control_that_exists():
    form = Form({})
    drawn = Template(
        "{% include 'components/error_summary.html' %}{% include 'components/fields.html' %}"
    ).render(Context({"form": form}))

    targets = {error["id"] for error in errors_of(form)}
    assert len(targets) == 8
    for target in targets - {"id_key"}:
        assert f'href="#{target}"' in drawn
        assert f' id="{target}"' in drawn


def test_errors_of_the_whole_form_come_first():
    serializer = Serializer(data="no mapping")
    serializer.is_valid()
    form = Form({})
    form.add_error(None, "Both together are impossible.")

    assert errors_of(serializer)[0]["id"] == ""
    assert errors_of(form)[0]["text"] == "Both together are impossible."


def test_a_serializer_that_nobody_filled_in_has_no_errors():
    assert errors_of(Serializer()) == []


def test_changes_of_the_page_win():
    described = describe(Form()["title"], label="Name", autocomplete="name", help=None)

    assert described["label"] == "Name"
    assert described["attrs"]["autocomplete"] == "name"
    assert described["help"] == "Short."


def test_what_is_typed_is_escaped():
    drawn = draw(Form({"title": '"><script>alert(1)</script>'})["title"])

    assert "<script>" not in drawn


def test_something_that_is_no_field_is_refused():
    with pytest.raises(TypeError, match="no field"):
        describe("title")
