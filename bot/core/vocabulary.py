"""The vocabulary of bot.core.words in English, Irish, German, French and Spanish. Phrases are separated by “|”.

Case and accents are ignored; an apostrophe or hyphen counts as a space. The English name of a rhythm or an instrument and its
plural with an s are added automatically.
"""

from __future__ import annotations

# The values of words without a number; the default tempo and temperature are 1.
SLOW, GENTLE, LIVELY, FAST = 0.75, 0.85, 1.1, 1.2
STEADY, WILD = 0.7, 1.3

# How many tunes, at the beginning of a text.
COUNTS = {
    word: number
    for number, words in enumerate(
        (
            "two|dhá|zwei|deux|dos",
            "three|trí|drei|trois|tres",
            "four|ceithre|vier|quatre|cuatro",
            "five|cúig|fünf|cinq|cinco",
            "six|sé|sechs|seis",
            "seven|seacht|sieben|sept|siete",
            "eight|ocht|acht|huit|ocho",
            "nine|naoi|neun|neuf|nueve",
            "ten|deich|zehn|dix|diez",
        ),
        2,
    )
    for word in words.split("|")
}
RHYTHMS = {
    "reel": "ríl|ríleanna|réil|réileanna|cor",
    "jig": "double jig|single jig|treble jig|port|poirt|port dúbailte|port singil|gigue|gigues|giga|gigas",
    "slip jig": "slipjig|slipjigs|hop jig|hop jigs|port luascach|poirt luascacha",
    "hornpipe": "clog|cornphíopa|cornphíopaí|crannchiúil",
    "polka": "polca|polcaí|polcas|polken",
    "slide": "sleamhnán|sleamhnáin",
    "waltz": "waltzes|válsa|válsaí|walzer|walzern|valse|valses|vals|valses",
    "march": "marches|quickstep|quick step|máirseáil|máirseálacha|marsch|märsche|marche|marcha|marchas",
    "strathspey": "highland fling|fling|highland",
    "air": "slow air|slow airs|lament|laments|song|fonn|fonn mall|foinn|caoineadh|klagelied|weise|langsame weise|"
    "air lent|airs lents|complainte|aire|aires|aire lento|lamento",
}
INSTRUMENTS = {
    "fiddle": "violin|violins|geige|geigen|fiedel|violon|violons|violín|violines|fidil|veidhlín",
    "flute": "flöte|flöten|flûte|flûtes|flauta|flautas|fliúit|bhfliúit|feadóg mhór|fheadóg mhór",
    "whistle": "tin whistle|tinwhistle|penny whistle|low whistle|blechflöte|feadóg|feadóg stáin|fheadóg|fheadóg stáin",
    "accordion": "akkordeon|akkordeons|accordéon|accordéons|acordeón|acordeones|bosca ceoil|squeezebox|button box|melodeon",
    "concertina": "konzertina|consairtín",
    "banjo": "bainseó",
    "harp": "harfe|harfen|harpe|harpes|arpa|arpas|cláirseach|cruit",
    "piano": "klavier|pianó",
    "pipes": "uilleann pipes|irish pipes|bagpipe|bagpipes|dudelsack|sackpfeife|sackpfeifen|cornemuse|cornemuses|gaita|gaitas|"
    "píb|píobaí|píb uilleann|phíb|phíb uilleann",
}
MODES = {  # of a scale
    "major": "maj|dur|majeur|mayor|mór|ionian|ionisch",
    "minor": "min|moll|mineur|menor|mion|aeolian|äolisch",
    "dorian": "dor|dorisch|dorischem|dorien|dórico|dóirianach",
    "mixolydian": "mix|mixolydisch|mixolydien|mixolidio|miocsailidianach",
    "phrygian": "phr|phrygisch|phrygien|frigio",
    "lydian": "lyd|lydisch|lydien|lidio",
    "locrian": "loc|lokrisch|locrien|locrio",
}
SOLFEGE = {"do": "C", "ut": "C", "re": "D", "mi": "E", "fa": "F", "sol": "G", "la": "A", "si": "B"}
GERMAN_TONICS = {
    "h": "B", "b": "Bb", "fis": "F#", "cis": "C#", "gis": "G#", "dis": "D#", "es": "Eb", "as": "Ab", "des": "Db", "ges": "Gb",
}  # fmt: skip
SHIFTS = {"b": "flat|bémol|bemol|maol", "#": "sharp|dièse|sostenido|géar"}
BEFORE_A_KEY = "in|en|i|key|of|tonart|tono|ton|gléas"
OF_A_SCALE = "key|mode|scale|feel|mood|tune|tonality|tonart|tonleiter|tonalité|tono|gamme|modo|gléas"

MOODS: list[tuple[dict[str, float], str]] = [
    (
        {"tempo": SLOW},
        "slow|slowly|slower|langsam|langsame|langsamer|langsamen|langsames|lent|lente|lentement|lento|lenta|despacio|mall|mhall|"
        "níos moille",
    ),
    (
        {"tempo": FAST},
        "fast|faster|quick|quickly|quicker|driving|schnell|schnelle|schneller|schnellen|schnelles|rasch|rapide|vite|rápido|"
        "rápida|tapa|níos tapúla|sciobtha|níos sciobtha",
    ),
    (
        {"tempo": GENTLE, "temperature": STEADY},
        "gentle|gentler|calm|calmer|soft|quiet|peaceful|sad|mournful|sanft|sanfte|sanfter|sanftes|ruhig|ruhige|ruhiger|ruhiges|"
        "traurig|traurige|trauriger|doux|douce|calme|triste|tranquille|suave|tranquilo|tranquila|brónach|ciúin|séimh",
    ),
    (
        {"tempo": LIVELY},
        "lively|livelier|brisk|cheerful|happy|merry|lebhaft|lebhafte|lebhafter|lebhaftes|flott|flotte|flotter|flottes|fröhlich|"
        "fröhliche|fröhlicher|vif|vive|joyeux|joyeuse|animé|animée|gai|gaie|animado|animada|alegre|vivo|viva|beoga|bheoga|beo|"
        "meidhreach",
    ),
    (
        {"temperature": WILD},
        "wild|wilder|crazy|crazier|strange|stranger|weird|weirder|odd|unusual|adventurous|surprising|wilde|wildes|verrückt|"
        "verrückte|verrückter|seltsam|seltsame|seltsamer|ungewöhnlich|ungewöhnliche|sauvage|fou|folle|bizarre|étrange|insolite|"
        "salvaje|loco|loca|raro|rara|extraño|extraña|fiáin|aisteach",
    ),
    (
        {"temperature": STEADY},
        "simple|simpler|plain|plainer|easy|easier|steady|steadier|traditional|einfach|einfache|einfacher|einfaches|schlicht|"
        "schlichte|schlichter|leicht|leichte|leichter|facile|traditionnel|traditionnelle|sencillo|sencilla|fácil|tradicional|"
        "simplí|éasca|traidisiúnta",
    ),
]
# About an existing tune: “slower” is a request, “slow” may be praise.
MORE = (
    "slower|faster|quicker|gentler|calmer|livelier|wilder|crazier|stranger|weirder|simpler|plainer|easier|steadier|langsamer|"
    "schneller|ruhiger|sanfter|flotter|lebhafter|einfacher|verrückter|seltsamer|lentement|despacio|níos"
)
NEGATIONS = "not|no|nicht|kein|keine|keinen|pas|sin|sans|ohne|without|isn|gan|ní"
BACKING = {
    True: "with backing|with accompaniment|with guitar|mit begleitung|avec accompagnement|con acompañamiento|le tionlacan",
    False: "without backing|no backing|without accompaniment|no accompaniment|unaccompanied|without guitar|without drum|"
    "without the backing|without the guitar|melody only|melody alone|solo|ohne begleitung|ohne gitarre|sans accompagnement|"
    "sans guitare|sin acompañamiento|sin guitarra|gan tionlacan|gan ghiotár",
}
TIMES = {
    1: "once through|only once|just once|einmal durch|nur einmal|une seule fois|una sola vez|uair amháin",
    2: "twice|twice through|two times|zweimal|zwei mal|deux fois|dos veces|faoi dhó",
    3: "three times|three times through|thrice|dreimal|drei mal|trois fois|tres veces|trí huaire",
}
TREATMENTS = {
    "vary": "vary|vary it|varied|variation|variations|variiere|variieren|varie|varier|varía|variar|variación|variaciones|"
    "athraigh|athrú|leagan eile",
    "answer": "answer|answers|answer it|reply|respond|antworte|antwort|antworten|beantworte|réponds|réponse|répondre|responde|"
    "respuesta|contesta|freagair|freagra",
    "second part": "second part|b part|part b|part two|zweiter teil|zweiten teil|b teil|teil b|deuxième partie|seconde partie|"
    "partie b|segunda parte|parte b|dara cuid|cuid b",
    "play": "play|play it|play this|as it stands|spiel|spiele|spielen|joue|jouer|toca|tocar|tócalo|seinn",
    "continue": "continue|continue it|go on|carry on|finish it|extend it|weiter|setze fort|fortsetzen|continuer|poursuis|sigue|"
    "continúa|continuar|lean ar aghaidh|lean ort",
}
# After a negation: “without triplets”, “keine Pausen”. Singular forms with other meanings are left out: “no rest for the
# wicked”, “not a tie”, “sans pause”, “not too upbeat”.
OMISSIONS = {
    "triplets": "triplet|triplets|triole|triolen|triolet|triolets|tresillo|tresillos|trípléad|trípléid",
    "semiquavers": "semiquaver|semiquavers|sixteenths|sixteenth notes|short notes|fast notes|sechzehntel|doubles croches|"
    "semicorcheas|leathchamáin",
    "accidentals": "accidental|accidentals|vorzeichen|altérations|alteraciones|aidiúsáin",
    "rests": "rests|pausen|silences|pauses|silencios|pausas|sosanna",
    "ties": "ties|haltebogen|haltebögen|liaisons|ligaduras|nascanna",
    "pick-ups": "pick up|pick ups|pickup|pickups|upbeats|anacrusis|auftakt|auftakte|anacrouse|anacrouses|anacrusa|"
    "anacrusas|réamhbhuille|réamhbhuillí",
    "second endings": "second ending|second endings|zweiter schluss|zweite schlüsse|secondes fins|segundos finales|"
    "dara críoch|dara críocha",
}
STRENGTHS = {
    1: "a little|slightly|a bit|ein wenig|ein bisschen|un peu|un poco|beagán",
    3: "a lot|completely|strongly|stark|sehr|beaucoup|complètement|mucho|del todo|go mór",
}
STRUCTURES = {
    "aabb": "aabb",
    "abac": "abac",
    "free": "free structure|free form|freie form|structure libre|forme libre|forma libre|estructura libre|struchtúr saor",
}
NUMBERS = {
    "seed": "seed|samen|graine|semilla|síol",
    "temperature": "temperature|temperatur|température|temperatura|teocht",
    "strength": "strength|stärke|force|fuerza|neart",
    "tempo": "tempo",
}
MODEL = "model|modell|modèle|modele|modelo|samhail|shamhail|tsamhail"
AGAIN = (
    "again|another|another one|once more|one more|noch einmal|nochmal|noch eine|noch einer|noch einen|encore|encore un|"
    "encore une|une autre|un autre|otra|otro|otra vez|arís|ceann eile"
)
STOP = (
    "stop|never mind|nevermind|forget it|forget that|that s all|that s it|enough|the end|end the session|end session|finish|"
    "genug|schluss|schon gut|vergiss es|aufhören|fin|c est fini|arrête|laisse tomber|tant pis|assez|basta|para|ya está|"
    "no importa|olvídalo|déjalo|fin de la sesión|stad|ná bac leis|sin a bhfuil|críoch"
)
ASK = (
    "please|make|write|compose|give|want|would like|d like|could|can you|try|let s hear|let s have|i need|surprise me|"
    "something|anything|bitte|mach|mache|schreib|schreibe|komponiere|gib|möchte|hätte gern|überrasch mich|etwas|"
    "s il te plaît|s il vous plaît|svp|stp|fais|écris|donne|voudrais|je veux|quelque chose|por favor|haz|escribe|compón|dame|"
    "quiero|quisiera|algo|le do thoil|más é do thoil é|déan|cum|scríobh|tabhair|teastaíonn|ba mhaith liom"
)
FILLERS = (
    "a|an|the|my|our|in|on|of|to|for|from|by|as|at|with|and|but|or|it|this|that|me|us|one|tune|tunes|called|more|very|much|"
    "too|not|now|no|ein|eine|einen|einem|einer|mein|meine|meinen|meiner|der|die|das|den|dem|auf|mit|von|aus|für|und|oder|"
    "es|dies|diese|dieses|mehr|nicht|zu|mal|stück|melodie|un|une|mon|ma|mes|le|la|les|l|à|au|du|de|des|d|et|ou|avec|sur|"
    "pour|ce|cette|ça|plus|pas|moi|morceau|el|los|las|una|uno|y|o|con|por|más|esto|esta|este|na|ar|agus|nó|leis|sa|seo|"
    "níos|hello|hi|hey|thanks|thank you|hallo|danke|bonjour|merci|hola|gracias|dia duit|go raibh maith agat|"
    f"?|!|.|,|;|:|{BEFORE_A_KEY}|{OF_A_SCALE}"
)
