"""CSV and JSON Lines in: any column names, encodings said, bad rows refused by line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sabbatical.core.errors import BadFile, BadInput
from sabbatical.stages.ingest.recognise import recognise
from tests.stages.ingest.making import pictures, read, write


def test_title_and_description_become_one_text_joined_by_a_blank_line(tmp_path: Path) -> None:
    table = 'id,created_on,title,description,tag,stars\n6,2020-02-20 06:43:18,A,"B, b\nc",nlp,4\n7,2020-02-21,D,,,\n'
    source = write(tmp_path, {"t.csv": table})
    (first, second), refusals = read(source)
    assert "text from 'title' and 'description', label from 'tag'" in recognise(source).why
    assert first.name == "6" and first.text == "A\n\nB, b\nc" and first.line == 2
    assert first.payload is not None and first.payload.labels == ("nlp",)
    assert first.captured_at is not None and first.captured_at.isoformat() == "2020-02-20T06:43:18+00:00"
    assert first.attributes == {"stars": "4"}
    assert second.text == "D" and second.payload is None and second.line == 4 and not refusals


@pytest.mark.parametrize(
    ("header", "text", "label"),
    [
        ("text,category", "text", "category"),
        ("Utterance;Intent", "Utterance", "Intent"),
        ("label\tbody", "body", "label"),
        ("was gesagt wurde,label", "was gesagt wurde", "label"),
    ],
)
def test_columns_are_recognised_by_name_or_by_what_they_hold(
    tmp_path: Path, header: str, text: str, label: str
) -> None:
    cut = next(sign for sign in ";\t," if sign in header)
    columns = header.split(cut)
    rows = [cut.join("a text of some words" if column == text else "x" for column in columns)] * 3
    records, _ = read(write(tmp_path, {"t.csv": "\n".join([header, *rows])}))
    assert [record.text for record in records] == ["a text of some words"] * 3
    assert recognise(tmp_path).why.endswith(f"text from '{text}', label from '{label}'.")


def test_latin_1_is_read_and_said_with_its_first_line(tmp_path: Path) -> None:
    source = write(tmp_path, {"t.csv": "text,tag\nplain,a\ncafé,b\n".encode("latin-1")})
    records, refusals = read(source)
    assert records[1].text == "café" and "Latin-1" in recognise(source).why
    (said,) = refusals
    assert said.kept and said.line == 3 and "Latin-1" in said.reason


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_other_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    records, _ = read(write(tmp_path, {"t.csv": "text,tag\n“café”,a\n".encode(encoding)}))
    assert records[0].text == "“café”" and records[0].payload is not None


def test_a_table_without_texts_names_its_columns_and_what_was_looked_for(tmp_path: Path) -> None:
    source = write(tmp_path, {"t.csv": "tag,price\nnlp,3\ncv,4\n"})
    with pytest.raises(BadInput, match=r"The columns are: tag, price; looked for text, .* text_columns"):
        read(source)
    with pytest.raises(BadInput, match=r"There is no column 'label'. The columns are: tag, price"):
        read(source, label_column="label")


def test_bad_rows_are_refused_by_line_and_the_rest_goes_in(tmp_path: Path) -> None:
    table = 'id,text,tag\n1,good,a\n2,too,many,columns\n3,,b\n1,again,c\n4,"broken"x,d\n5,last,e\n'
    records, refusals = read(write(tmp_path, {"t.csv": table}))
    assert [record.name for record in records] == ["1", "5"]
    assert [(refusal.line, refusal.field) for refusal in refusals] == [(3, None), (4, "text"), (5, "id"), (6, None)]
    assert "4 columns, the header 3" in refusals[0].reason and "stands in the file before" in refusals[2].reason


def test_an_option_wins_over_what_was_recognised(tmp_path: Path) -> None:
    source = write(tmp_path, {"t.csv": "text,better,tag,topic\na,b b b,c,d\n"})
    records, _ = read(source, text_columns="better", label_column="topic", group_key="tag")
    assert records[0].text == "b b b" and records[0].payload is not None and records[0].payload.labels == ("d",)
    assert records[0].group == "c" and records[0].attributes == {"text": "a", "tag": "c"}


def test_a_header_with_a_name_twice_or_an_unknown_option_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="'text' stands twice"):
        read(write(tmp_path, {"t.csv": "text,text\na,b\n"}))
    with pytest.raises(BadInput, match="There is no option 'colour'"):
        read(tmp_path, colour="red")
    with pytest.raises(BadInput, match="encoding 'klingon'"):
        read(tmp_path, encoding="klingon")


def test_boxes_of_a_table_are_put_together_by_image(tmp_path: Path) -> None:
    table = (
        "filename,width,height,class,xmin,ymin,xmax,ymax,occluded\n"
        "1.jpg,40,30,cat,1,2,11,22,1\n2.jpg,40,30,dog,0,0,5,5,\n1.jpg,40,30,dog,-3,0,7,8,\n"
        "2.jpg,40,30,dog,9,9,nan,12,\n2.jpg,40,30,,1,1,2,2,\n3.jpg,40,30,dog,1,1,2,2,\n4.jpg,40,30,,,,,,\n"
    )
    source = write(tmp_path, {"b.csv": table, **pictures("1.jpg", "2.jpg", "4.jpg")})
    records, refusals = read(source)
    first, second, fourth = (record.payload for record in records)
    assert first is not None and first.labels == ("cat", "dog") and first.attributes == {0: {"occluded": "1"}}
    assert first.boxes_n4.tolist() == [[1, 2, 11, 22], [0, 0, 7, 8]]
    assert second is not None and second.labels == ("dog",) and fourth is not None and len(fourth) == 0
    said = {(refusal.line, refusal.kept) for refusal in refusals}
    assert said == {(5, False), (6, False), (7, False), (2, True)}


def test_a_table_of_images_without_boxes_gives_attributes(tmp_path: Path) -> None:
    table = "image,camera,label\n1.jpg,left,cat\n"
    (record,), refusals = read(write(tmp_path, {"i.csv": table, **pictures("1.jpg")}))
    assert record.payload is None and record.attributes == {"camera": "left", "label": "cat"} and not refusals


def test_lines_of_json_give_texts_and_bad_lines_are_refused(tmp_path: Path) -> None:
    lines = ['{"text": "a b", "label": "x", "n": 3}', "{broken", "[1]", "", '{"text": "c", "label": ["x", "y"]}']
    records, refusals = read(write(tmp_path, {"t.jsonl": "\n".join(lines)}))
    assert [record.text for record in records] == ["a b", "c"] and records[0].attributes == {"n": 3}
    assert records[1].payload is None
    assert [(refusal.line, refusal.kept) for refusal in refusals] == [(2, False), (3, False), (5, True)]


def test_a_json_array_of_objects_is_read_like_lines(tmp_path: Path) -> None:
    rows = [{"title": "a", "description": "b", "created_on": 1581921041000}, 7]
    records, refusals = read(write(tmp_path, {"t.json": json.dumps(rows)}))
    assert records[0].text == "a\n\nb" and records[0].captured_at is not None
    assert records[0].captured_at.year == 2020 and [refusal.field for refusal in refusals] == ["[1]"]


def test_shapes_of_json_lines_are_drawn_on_their_image(tmp_path: Path) -> None:
    shapes = [
        {"label": "cat", "box": [1, 2, 11, 22], "polygon": [[1, 2, 11, 2, 11, 22]], "attributes": {"parked": True}},
        {"label": "dog", "box": [1, 2, 11]},
        {"box": [1, 2, 11, 22]},
    ]
    rows = [
        {"file_name": "1.jpg", "width": 40, "height": 30, "shapes": shapes, "attributes": {"camera": "left"}},
        {"file_name": "2.jpg", "shapes": []},
        {"file_name": "gone.jpg", "shapes": []},
    ]
    files = {"t.jsonl": "\n".join(map(json.dumps, rows)), **pictures("1.jpg", "2.jpg")}
    (first, second), refusals = read(write(tmp_path, files))
    assert first.payload is not None and first.payload.labels == ("cat",) and first.attributes == {"camera": "left"}
    assert first.payload.polygons == {0: [[1, 2, 11, 2, 11, 22]]} and first.payload.attributes == {0: {"parked": True}}
    assert second.payload is not None and len(second.payload) == 0
    assert [(refusal.line, refusal.field) for refusal in refusals] == [
        (1, "shapes 2"),
        (1, "shapes 3"),
        (3, "file_name"),
    ]


@pytest.mark.data("made-with-ml")
def test_the_projects_of_made_with_ml_go_in_whole(mirror: Path) -> None:
    records, refusals = read(mirror / "made-with-ml" / "dataset.csv")
    assert len(records) == 764 and not refusals
    labels = {label for record in records if record.payload for label in record.payload.labels}
    assert labels == {"natural-language-processing", "computer-vision", "mlops", "other"}
    assert all(record.captured_at is not None and record.text for record in records)
    with pytest.raises(BadInput, match="The columns are: tag"):
        read(mirror / "made-with-ml" / "tags.csv")
    with pytest.raises(BadFile, match="byte"):
        read(mirror / "made-with-ml" / "versions" / "2022-04-18a_tags.json")


@pytest.mark.data("intents-hwu64")
def test_the_intents_of_hwu64_go_in_whole(mirror: Path) -> None:
    records, refusals = read(mirror / "intents-hwu64" / "train.csv")
    assert len(records) == 9960 and not refusals
    assert len({label for record in records if record.payload for label in record.payload.labels}) == 64
