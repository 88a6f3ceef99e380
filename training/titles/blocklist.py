"""Blocks offensive titles: obscenities, insults to peoples, creeds and disabled people, and words from minstrel shows.

Tunebooks of the 19th century contain all of them. The lists are in ROT13 so that nobody reads them by accident;
`codecs.decode(text, "rot13")` shows them. They are stricter than a filter for what people write: a title blocked by mistake
is one of thousands.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from itertools import pairwise

# Blocked wherever these letters follow each other, also across two words.
_ROOTS = """
nefrubyr nffubyr onyybpx onfgneq oynpxnzbbe oybjwbo obyybpx ohttre puvanzna pyvgbe phag qnexrl qnexvr qvyqb snttbg
shpx tbyyvjbt uvgyre ubybpnhfg ubggragbg wnpxnff wvmm yrfovna ylapuvat znfgheo zbgures anmv arteb avtre avttre cnrqb
crqb cravf cvppnavaal cvpxnavaal cbea cebfgvghg ergneq fnzob fpebghz fuvg fyhg fgehzcrg intvan jnax juber
"""

# Blocked as whole words with their endings. As parts of other words they are harmless (peacock, Essex).
_WORDS = """
nsevpna nefr nefrf nff onawb onjql ovgpu oynpxvr oynpxl obpur obtgebggre obuhax obyybk obzo obbo obbof obfbz oernfg
oehqqre ohz ohzf pnsser pngubyvp punj puvarr puvax pbpx pbatb pbbyvr pbbyl pbba pbbagbja pbggba penpxre penc perbyr
pevccyr pebccvr pebccl phpxbyq phssrr phssrl phz qntb qnza qnzarq qne qnexl qng qr qrz qvpx qvzvgl qvanu qvf qbkl qhzo
qhat qhgpul qjnes qlxr rafynirq rffrapr rguvbcvna rhahpu snt snttl snaal sneg srpx sravna sybt sbeavpngbe serapul tnf
tnl tvcfrl tvcfl tbqqnz tbbx ternfre tevatb tjvar tlcfrl tlcfl unat unatrq unerz uneybg urngura uror uroerj urvy
urergvp ubzb ubbe uber uhapuonpx uhaxl uhffl vqvbg vzorpvyr vaprfg vaqvna vasvqry vawha wnc wrj wrjrff wrjvfu wrmrory
whon xnssve xvxr xvyy xxx xyna xanpxre xabo xenhg ynzr yrcre ybbarl ybbal yhangvp ylapurq znzzl znffn zvqtrg zvafgeryf
zvffhf zbyrfg zbbevfu zbeba zhynggb zheqre zheqrere anxrq avpbqrzhf avt avtn avttn avttneq avttnm avtf avc avccyr ahqr
bo bpgbebba benatr benatrzna benatrzra bevragny cnqqvrf cnxv cnaqre cncvfg cvxrl cvff cvffrq cynagngvba cbynpx cbzcrl
cbapr cbbs cbbsgre cbcrel cbcvfu cbffhz cevpx cebq cebgrfgnag chffl dhnqebba dhnxre dhnfuvr dhrre dhrref enaql encr
encvfg enccnerr enivfu erqfxva ehzc fnintr frk frkl furrarl furral fulybpx fynir fynirel fcnfgvp fcvp fcvpx fcvx fdhnj
fgenatyr fhvpvqr fhjnarr fjnarr gnvt grnthr grvt greebe greebevfg guvtu guvtuf gvax gvaxre gvg gvggvrf gvggl gbcfl
genaal gebyybc gheq ghex gjng havbavfg ivetva ivetvaal jnq jnzr jnagba jrapu juvc juvccvat jbt jbc lnax lvq mhyh
"""

# Two words that are offensive only together.
_PAIRS = """
wvz pebj; hapyr gbz; nhag wrzvzn; jbbq cvyr; jnyx nebhaq; yhpl ybat; oblar jngre; xvat jvyyvnz; yvr qbja; fhtne pnar; jvyq vevfu
"""

# A colour before a word for a person refers to skin, whatever it once meant; "the dark haired lass" does not.
_COLOURS = "black|dark|white|red|yellow|brown|tawny|colou?red|dusky|pale"
_PEOPLE = (
    "boy|girl|maid|maiden|man|men|woman|women|lad|lass|lasse|lassie|laddie|fellow|rogue|wife|widow|baby|child|children|people|"
    "face|skin"
)

_ENDINGS = ("", "s", "es", "ed", "d", "ing", "er", "ers", "y", "ie", "ies")
_LOOKALIKES = str.maketrans("013456789@$!|+€£аеіорсух", "oieasgtbgasiitelaeiopcyx")


def _decode(text: str) -> frozenset[str]:
    return frozenset(codecs.decode(text, "rot13").split())


def _collapse_repeats(text: str) -> str:
    """Collapses repeated letters: “coool” becomes “col”."""
    return re.sub(r"(.)\1+", r"\1", text)


_ROOT_PATTERN = re.compile("|".join(sorted(map(_collapse_repeats, _decode(_ROOTS)))))
_BLOCKED_WORDS = frozenset(word + ending for word in _decode(_WORDS) for ending in _ENDINGS)
_BLOCKED_PAIRS = frozenset(pair.strip() for pair in codecs.decode(_PAIRS, "rot13").split(";"))
_COLOURED_PERSON = re.compile(rf"\b(?:{_COLOURS}) (?:{_PEOPLE})s?\b")


def is_offensive(text: str) -> bool:
    """Whether a text contains a blocked word, also when it is disguised by accents, spaces or digits for letters."""
    folded = unicodedata.normalize("NFKD", text).lower().translate(_LOOKALIKES)
    words = re.findall(r"[a-z]+", re.sub(r"['’\u0300-\u036f]", "", folded))
    if _ROOT_PATTERN.search(_collapse_repeats("".join(words))) or _COLOURED_PERSON.search(" ".join(words)):
        return True
    runs = [
        "".join(words[first:last]) for first in range(len(words)) for last in range(first + 1, min(first + 6, len(words)) + 1)
    ]
    pairs = {f"{one} {two.removesuffix('s')}" for one, two in pairwise(words)}
    return not _BLOCKED_WORDS.isdisjoint(runs) or not _BLOCKED_PAIRS.isdisjoint(pairs)
