"""What people say of answers points at the answer, is kept once, and counts for the arm that gave it."""

from __future__ import annotations

from sabbatical.schemas.serve import Arm
from sabbatical.stages.release import actions as releases
from sabbatical.stages.serve import actions as serve
from tests.stages.serve.conftest import Served
from tests.stages.serve.test_arms import until, warm


def test_feedback_points_at_an_answer_and_is_listed_newest_first(texts: Served) -> None:
    found = texts.ask(text="the sea")
    said = {"prediction": found["id"], "verdict": "wrong", "label": "sky", "comment": "look up", "author": "anna"}
    answer = texts.post("feedback", said)
    assert answer.status_code == 201
    given = answer.json()
    assert (given["item"], given["model"], given["arm"], given["label"]) == (found["item"], "v1", "champion", "sky")
    assert given["shapes"] == [
        {"label": "sky", "box": None, "polygon": None, "mask": None, "attributes": {}, "crowd": False}
    ]
    second = texts.post("feedback", {"prediction": found["id"], "verdict": "right"}).json()
    rows = texts.get("feedback", limit=1)
    assert [row["id"] for row in rows["rows"]] == [second["id"]]
    assert [row["id"] for row in texts.get("feedback", after=rows["next"])["rows"]] == [given["id"]]


def test_the_same_key_again_is_kept_once(texts: Served) -> None:
    said = {"prediction": texts.ask(text="the sea")["id"], "verdict": "wrong", "key": "a"}
    first, second = (texts.post("feedback", said).json() for _ in range(2))
    assert first == second and len(texts.get("feedback")["rows"]) == 1
    assert texts.post("feedback", said | {"verdict": "right"}).status_code == 409


def test_wrong_feedback_is_said(texts: Served) -> None:
    found = texts.ask(text="the sea")["id"]
    shape = {"label": "sky"}
    for said, status, words in [
        ({"prediction": "prd_none", "verdict": "right"}, 404, "has given no answer"),
        ({"prediction": found, "verdict": "so so"}, 400, "verdict"),
        ({"prediction": found, "verdict": "right", "shapes": [shape]}, 400, "needs no other shapes"),
        ({"prediction": found, "verdict": "wrong", "shapes": [shape], "label": "sky"}, 400, "either"),
    ]:
        answer = texts.post("feedback", said)
        assert answer.status_code == status and words in answer.text
    assert texts.get("feedback")["rows"] == []


def test_a_label_that_the_project_does_not_have_is_refused_with_those_that_are_near_and_there(texts: Served) -> None:
    found = texts.ask(text="the sea")["id"]
    for said in ({"label": "skyy"}, {"shapes": [{"label": "sea"}, {"label": "skyy"}]}):
        answer = texts.post("feedback", {"prediction": found, "verdict": "wrong", **said})
        error = answer.json()["error"]
        assert (answer.status_code, error["where"]) == (400, "field label")
        assert error["message"] == "The project 'notes' has no label 'skyy'."
        assert error["hint"].startswith("Did you mean 'sky'") and "There are 'Sea', 'Sky', " in error["hint"]
    assert texts.get("feedback")["rows"] == []
    of_a_customer = texts.post("feedback", {"prediction": found, "verdict": "wrong", "label": "Sky"})
    assert (of_a_customer.status_code, of_a_customer.json()["label"]) == (201, "Sky")


def test_what_is_there_instead_is_told_as_a_label_where_it_is_one(texts: Served) -> None:
    found = texts.ask(text="the sea")["id"]
    one, two = [{"label": "sky"}], [{"label": "sky"}, {"label": "sea"}]
    said = [texts.post("feedback", {"prediction": found, "verdict": "wrong", "shapes": them}) for them in (one, two)]
    assert [answer.json()["label"] for answer in said] == ["sky", None]
    assert [row["label"] for row in texts.get("feedback")["rows"]] == [None, "sky"]


def test_the_last_word_counts_for_the_arm_that_answered(texts: Served) -> None:
    texts.release(texts.model("v2"), "ab", share=0.5)
    warm(texts, "v1", "v2")
    by_arm: dict[str, list[str]] = {"champion": [], "ab": []}
    for number in range(12):
        found = texts.ask(text=f"the sea {number}", unit=f"user {number}")
        by_arm[found["arm"]].append(found["id"])
    assert all(by_arm.values())
    for ids in by_arm.values():
        texts.post("feedback", {"prediction": ids[0], "verdict": "right"})
    texts.post("feedback", {"prediction": by_arm["ab"][0], "verdict": "wrong"})
    with texts.made.workspace.database.reading() as session:
        evidence = serve.evidence(session, releases.get(session, texts.made.project, None))
        judged = serve.feedback(session, texts.made.project.id)
    assert evidence is not None
    assert (evidence.champion.right, evidence.champion.wrong) == (1, 0)
    assert (evidence.challenger.right, evidence.challenger.wrong) == (0, 1)
    assert evidence.challenger.requests == len(by_arm["ab"]) and evidence.champion.requests == len(by_arm["champion"])
    assert [one.verdict for one in judged if one.served.id == by_arm["ab"][0]] == ["right", "wrong"]


def test_a_window_has_what_somebody_got_in_the_order_of_its_coming(texts: Served) -> None:
    texts.release(texts.model("v2"), "shadow")
    ids = [texts.ask(text=f"the sea {number}")["id"] for number in range(5)]
    until(lambda: len(texts.rows()) == 10)
    unseen: tuple[Arm, ...] = ("shadow",)
    with texts.made.workspace.database.reading() as session:
        project = texts.made.project.id
        seen = serve.window(session, project)
        last = serve.window(session, project, limit=2, newest=True)
        later = serve.window(session, project, after_seq=seen[2].seq)
        shadow = serve.window(session, project, arms=unseen, model_id=texts.model("v2").id)
    assert [one.id for one in seen] == ids
    assert [one.id for one in last] == ids[3:] == [one.id for one in later]
    assert len(shadow) == 5 and [one.item_id for one in shadow] == [one.item_id for one in seen]
    assert seen[0].answer.scores_n.max() > 0.5


def test_a_release_that_gets_no_traffic_has_no_evidence(texts: Served) -> None:
    release = texts.release(texts.model("v2"), "gate")
    with texts.made.workspace.database.reading() as session:
        assert serve.evidence(session, release) is None
