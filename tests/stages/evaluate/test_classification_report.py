"""One report says all that is known of a text classifier."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from sabbatical.metrics.classification import Answers
from sabbatical.schemas.evaluate import Report
from sabbatical.stages.evaluate.classification_report import OtherClassifier, classification_report
from sabbatical.stages.evaluate.subject import Subject

CLASSES = ["vision", "language", "operations"]


def answers(label: np.ndarray, skill: np.ndarray, seed: int) -> Answers:
    rng = np.random.default_rng(seed)
    guess = np.where(rng.random(len(label)) < skill, label, rng.integers(0, 3, len(label)))
    score = rng.dirichlet([2, 2, 2], len(label)) + 2 * np.eye(3)[guess]
    return Answers.of(score / score.sum(axis=1, keepdims=True), np.eye(3)[label])


def test_a_planted_weakness_of_a_classifier_is_found_and_said() -> None:
    rng = np.random.default_rng(0)
    label, source = rng.integers(0, 3, 600), rng.choice(["paper", "post"], 600)
    subject = Subject(
        "v2", "s1", [f"t{i}" for i in range(600)], CLASSES, slices={"source": source.tolist()}, resamples=300
    )
    weak = answers(label, np.where(source == "post", 0.4, 0.95), 1)
    report = classification_report(subject, weak, against=OtherClassifier("v1", answers(label, np.full(600, 0.93), 2)))
    assert report.sentences[0].startswith("v2 is right less often than v1, −")
    assert any("weaker where source is post" in sentence for sentence in report.sentences)
    assert report.comparison is not None
    assert report.comparison.right_to_wrong_count > 3 * report.comparison.wrong_to_right_count
    assert report.worst[0].kind == "wrong_class"
    assert report.worst[0].true_name != report.worst[0].predicted_name
    assert set(report.metrics.overall.model_dump()) == {
        "accuracy", "f1", "f1_micro", "f1_weighted", "recall", "precision", "log_loss",
    }  # fmt: skip
    assert set(report.metrics.by_class["vision"].model_dump()) == {"recall", "precision", "f1", "n"}
    assert report.metrics.by_slice["source=post"].accuracy == pytest.approx(0.6, abs=0.1)
    assert Report.model_validate_json(report.model_dump_json()) == report
    assert "coco" not in json.loads(report.model_dump_json())


@pytest.mark.data("made-with-ml")
def test_made_with_ml_by_a_linear_model_is_judged_as_by_scikit_learn(mirror: Path) -> None:
    train, holdout = (
        [*csv.DictReader((mirror / "made-with-ml" / name).open())] for name in ("dataset.csv", "holdout.csv")
    )
    classes = sorted({row["tag"] for row in train})
    text = [[f"{row['title']} {row['description']}" for row in rows] for rows in (train, holdout)]
    words = TfidfVectorizer(sublinear_tf=True)
    model = LogisticRegression(C=20, max_iter=300).fit(words.fit_transform(text[0]), [row["tag"] for row in train])
    score = model.predict_proba(words.transform(text[1]))
    tags = [row["tag"] for row in holdout]
    target = np.array([[tag == name for name in classes] for tag in tags])
    subject = Subject("linear", "holdout", [str(i) for i in range(len(tags))], classes)
    report = classification_report(subject, Answers.of(score, target))
    expected = f1_score(tags, model.predict(words.transform(text[1])), average="weighted")
    assert report.metrics.overall.f1_weighted == pytest.approx(expected)
    low, high = report.metrics.intervals.overall["f1_weighted"]
    assert low < expected < high
    assert high - low < 0.12
