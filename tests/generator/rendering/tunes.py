"""Example tunes for the rendering tests."""

JIG = """X:1
T:The Kesh
C:Trad.
R:jig
M:6/8
L:1/8
K:Gmaj
D|:"G"G3 GAB|"D"A3 ABd|edd gdd|edB dBA|G3 GAB|A3 ABd|edd gdB|1 AGF G2D:|2 AGF G2A||
|:B2B dBd|ege dBG|B2B dBG|ABA AGA|BAB dBd|ege dBd|gfg aga|1 bgf g2A:|2 bgf g3|]
"""

REEL = """X:2
T:Everything
R:reel
M:4/4
L:1/8
K:Ador
|:e2ge (3dcB AB|"Am"c2Bc ed^cB|A2(^GA) B/c/d e2|~A2 .A2 [Ace]3 z-:|
|:{g}a2 {ga}g2 e-|e4 ^f=f_e=e|d8-|d5B3:|
K:Emin
M:6/8
BAB GFE|[M:3/4] e2 d2 B2|A2/3B2/3c2/3 d4|]
"""

PLAIN = "X:3\nT:Plain\nR:polka\nM:2/4\nL:1/8\nK:D\nA2 BA|d2 ed|:f2 ed|B2 A2:|\n"

SHORT_HORNPIPE = "X:4\nT:Short\nR:hornpipe\nM:4/4\nL:1/8\nK:Bb\n|:B>cd>B (3cdc B2|1 A>GF>E D4:|2 A>GF>A B4:|[3 B8|]\n"

ALL = {"jig": JIG, "reel": REEL, "polka": PLAIN, "hornpipe": SHORT_HORNPIPE}

DROWSY_MAGGIE = """X:5
T:Drowsy Maggie
R:reel
M:4/4
L:1/8
K:Edor
|:E2BE dEBE|E2BE AFDF|E2BE dEBE|BABc dAFD|E2BE dEBE|E2BE AFDF|E2BE dEBE|BABc dAFD:|
|:d2fd c2ec|defg afge|d2fd c2ec|BABc dAFA|d2fd c2ec|defg afge|afge fdec|BABc dAFD:|
"""
COOLEYS = """X:6
T:Cooley's
R:reel
M:4/4
L:1/8
K:Edor
|:EBBA B2EB|B2AB dBAG|FDAD BDAD|FDAD dAFD|EBBA B2EB|B2AB defg|afec dBAF|DEFD E4:|
|:eBB2 eBgf|eBB2 gedB|A2FA DAFA|A2FA defg|eBB2 eBgf|eBB2 defg|afec dBAF|DEFD E4:|
"""
SALLY_GARDENS = """X:7
T:The Sally Gardens
R:reel
M:4/4
L:1/8
K:G
|:G3A BAGB|dBeB dBAB|d2Bd efge|dBAB GEDE|G3A BAGB|dBeB dBAB|d2Bd efge|dBAB G4:|
|:g3a bgeg|agbg agef|g3e dBGB|d2Bd egfg|e2ge dBGB|dBeB dBAB|d2Bd efge|dBAB G4:|
"""
REELS = (DROWSY_MAGGIE, COOLEYS, SALLY_GARDENS)
