"""The script and the likely language of a text, by simple counts of characters and of small words.

Good enough to notice that a source began to send something else; no more is claimed.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache

SHOWN = 400
"""Characters of a text that are looked at."""
FEWEST_WORDS = 2
"""Small words of one language that a text must hold to be taken for it."""
SMALL_WORDS = {
    "English": "the and of to is in that it for you was with this are have not be what my how do can from i",
    "German": "der die das und ist nicht ich sie ein eine mit auf den zu es wie auch für wir kann mein haben im",
    "French": "le la les et est des que une pas pour dans je vous qui sur avec mon comment ne du au cette être",
    "Spanish": "el los las que es una por para con no mi se como está del pero puedo qué al lo su este cuando",
    "Italian": "il che di non è per una sono con mi come del ho questo ma anche posso della gli nel cosa si le",
    "Portuguese": "o os que é não uma para com meu como do da em por mas posso você isso um minha está ao eu",
    "Dutch": "de het een en van ik niet is dat op te zijn met voor mijn hoe kan je maar wat ook deze er bij",
    "Polish": "nie się na jest to w z do jak że czy moja mój co od po dla ale i o mam ten być tak",
    "Swedish": "och att det är en som på jag inte för med har till den av om kan min hur ett vad men så du",
    "Turkish": "bir ve bu için ne mi nasıl değil ben çok var da de ile ama daha benim kadar olan sonra",
}
_LANGUAGES_OF: dict[str, list[str]] = {}
for _language, _words in SMALL_WORDS.items():
    for _word in _words.split():
        _LANGUAGES_OF.setdefault(_word, []).append(_language)
_WORD = re.compile(r"[^\W\d_]+")


def script_of(text: str) -> str:
    """The script of most letters, such as `Latin` or `Cyrillic`; empty for a text without letters."""
    counts = Counter(script for sign in text[:SHOWN] if (script := _script(sign)))
    return counts.most_common(1)[0][0] if counts else ""


@lru_cache(maxsize=4096)
def _script(sign: str) -> str:
    """The first word of a letter's name in Unicode, which is its script."""
    if not sign.isalpha():
        return ""
    first = unicodedata.name(sign, "").partition(" ")[0].title()
    return {"Cjk": "Chinese characters", "Hiragana": "Japanese", "Katakana": "Japanese", "Fullwidth": "Latin"}.get(
        first, first
    )


def language_of(text: str) -> str:
    """The language whose small words stand most often; empty where none is clearly ahead."""
    words = _WORD.findall(text[:SHOWN].casefold())
    hits = Counter(language for word in words for language in _LANGUAGES_OF.get(word, ()))
    best = hits.most_common(2)
    if not best or best[0][1] < FEWEST_WORDS or (len(best) > 1 and best[0][1] == best[1][1]):
        return ""
    return best[0][0]
