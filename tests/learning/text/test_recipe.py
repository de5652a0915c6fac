import json

import pytest

from sabbatical.core.errors import BadInput
from sabbatical.learning.text.recipe import LinearRecipe, TextRecipe


def test_a_recipe_survives_json():
    recipe = TextRecipe(model="linear", masking="column", linear=LinearRecipe(fit=3.0))
    assert TextRecipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


def test_what_is_left_out_keeps_its_default():
    assert TextRecipe.from_dict({"linear": {"fit": 2}}) == TextRecipe(linear=LinearRecipe(fit=2))


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({"modle": "linear"}, "no field 'modle'"),
        ({"model": "forest"}, "recipe.model"),
        ({"masking": "row"}, "recipe.masking"),
        ({"linear": {"fit": "much"}}, "recipe.linear.fit"),
        ({"features": 3}, "recipe.features"),
    ],
)
def test_a_wrong_field_is_named(document, where):
    with pytest.raises(BadInput, match=where):
        TextRecipe.from_dict(document)
