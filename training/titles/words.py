"""Word lists that describe how titles of Irish tunes are built."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SMALL_WORDS = _words("a an and at by de for from in is it le na o' of on or the to up wi' with")  # lower case within a title
NOT_FIRST = _words("and o' of or than")
NOT_LAST = _words("""
a an and at but by captain doctor father for from her his i i'm if in into is its lady like little lord mac mc miss mrs my
na no o' of old on or our planxty saint she sir st than that the their they to upon when where who wi' will with without
you're young your
""")
OTHER_DANCES = _words("""
allemanda allemande barndance cotillion cotillon fandango galop gavotte lancers mazurka minuet quadrille rant redowa
schottische set sett varsovienne walkaround
""")
# Each of these words is its own kind: it largely determines which words may stand beside it.
_FRAME_WORDS = _words("""
a above after against alive all along always among an and any are around as at away back be been before behind beside but by
can come could did do does don't down each early easy ever every for forth from full get give go going gone good had has
have he her here him his how i i'd i'll i'm if in into is it just let let's like long love make many me more my never new no
not now o o' of off oh on once one or our out over put round she so some still such take tell than that the their them then
there they this thou three through till to too two under until up upon us was we well were what when where which who why
will with within without would you your
""")
# Kinds of words that can replace each other.
_STYLES = _words("""
captain chief col colonel corporal count countess doctor duchess duke earl father gen general king lady lord madam madame
major marquis master miss mother mr mrs planxty president prince princess queen saint sergeant sheriff sir squire st widow
""")
_NAMES = _words("""
alexander alice andrew andy ann anne annie barney ben bessy betty biddy bill billy bob bobby brian bridget bryan caitlin
catherine celia charles charley charlie con connie dan daniel danny darby davy denis dermot dick dinny dominick eddie edmond
eileen eleanor elizabeth ellen felix finbar francis frank fred garrett george grace harry hugh hughie isabella jack jackie
james jane jenny jerry jim jimmy joe john johnie johnny jonathan judy julia kate katey kathleen katie katy kevin kit kitty
larry lucy luke maggie margaret mark martin mary matt maud maude may michael micho mickey mike moll mollie molly morgan
nancy neal ned neil nell nora norah owen paddy padraig pat patrick patsy peg peggy peter phil philip polly richard robert
robin roger rory rosie sally sam sandy sarah sean shane sheela sheila sue susan susie tadhg teddy terence terry thady thomas
tim toby tom tommy tony turlough vincent will william willie willy winnie
""")
_QUALITIES = _words("""
bashful battering big black blind bloomin blooming blue bold bonnie bonny brave bright brisk broken brown bumper charming
cheerful crooked curly dainty dark dear drowsy drunken dusty enchanted fair fairhaired faithful false fine flowing foggy
forlorn friendly funny gallant gentle golden grassy great green grey grumbling handsome handy happy heathery heathy high
hurling jolly kind lilting little lonely long lovely lucky mad merry mountainy moving musical nimble old pale penniless
pleasant poor pretty proud purty rakish rambling ranting ravelled red redhaired roaring rocky rolling rough roving rushy sad
shady silken silver sly small smokey smoky snowy snug sporting strolling sunny swaggering sweet tall tidy true twin
unfortunate wandering weary whistling white wild windy winsome wounded yellow young
""")
_KINDS = {word: kind for kind, words in (("Mrs", _STYLES), ("Pat", _NAMES), ("old", _QUALITIES)) for word in words}


def word_kind(word: str) -> str:
    """The word itself if it is a frame word, else the kind that it shares with similar words; "-" for all others."""
    if word in _FRAME_WORDS:
        return word
    return "'s" if word.endswith(("'s", "s'")) else _KINDS.get(word, "-")
