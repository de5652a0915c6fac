import re

from hypothesis import given
from hypothesis import strategies as st

from sabbatical.learning.text.classes import ClassTree
from sabbatical.learning.text.phrases import PhraseMatcher

from .worlds import SUPER, targets


def test_names_are_found_as_whole_words_in_any_case_and_number():
    found = PhraseMatcher(targets().tree, targets().phrases).counts(
        ["Two KITTENS, a cat and a hound", "concatenate catalogue doghouse", "flower-flowers plant"]
    )
    assert found.tolist() == [[3, 2, 1, 0], [0, 0, 0, 0], [0, 0, 0, 3]]


def test_the_longest_name_counts_once():
    tree = ClassTree(SUPER.names, SUPER.parent_k)
    found = PhraseMatcher(tree, [[], ["house cat", "cat"], [], []]).counts(["a house-cat and a cat"])
    assert found.tolist() == [[2, 2, 0, 0]]


@given(st.text(max_size=30), st.text(max_size=60))
def test_any_text_can_be_a_name_or_searched(name, text):
    tree = ClassTree(("only",), SUPER.parent_k[:1])
    found = PhraseMatcher(tree, [[name]]).counts([text, f"x {name} y"])
    spelled = re.sub(r"[\W_]+", "", name.casefold())
    assert found[1, 0] >= (1 if spelled else 0)
    assert (found >= 0).all()
