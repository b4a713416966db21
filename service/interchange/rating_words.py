"""What ratings are called, in the six languages and some neighbouring ones.

Phrases stand between bars, one kind after the other: false, true, and neither.
"""

from __future__ import annotations

FALSE = """
    false | mostly false | largely false | mainly false | completely false | entirely false |
    totally false | totally untrue | false claim | four pinocchios | pants on fire |
    pants on fire! | fake | fake news | fake quote | a fake | deep fake | deepfake | hoax | scam |
    lie | a lie | lies | incorrect | mostly incorrect | inaccurate | mostly inaccurate | wrong |
    mostly wrong | untrue | not true | not correct | not accurate | this is false | this is fake |
    this is not true | it is false | its false | misleading | highly misleading |
    very misleading | misattributed | miscaptioned | fabricated | fabrication | made up |
    invented | doctored | altered | manipulated | manipulation | altered photo | altered video |
    altered image | disinformation | misinformation | propaganda | conspiracy theory |
    conspiracy | debunked | refuted | baseless | fiction | bogus | ложь | неправда | не правда |
    неверно | не верно | фейк | фальшивка | фальсификация | выдумка | вымысел | обман | вранье |
    враньё | манипуляция | дезинформация | пропаганда | ложно | ложное | ложное утверждение |
    ложное заявление | недостоверно | не соответствует действительности | в основном неправда |
    в основном ложь | скорее неправда | преимущественно ложь | вводит в заблуждение | искажение |
    подделка | полная ложь | это ложь | это фейк | это неправда | теория заговора | брехня |
    неправдиво | хибно | хибне твердження | вигадка | маніпуляція | маніпулятивно |
    дезінформація | фальсифікація | підробка | не відповідає дійсності | переважно неправда |
    здебільшого неправда | радше неправда | вводить в оману | перекручування | перекручення |
    викривлення | це фейк | це неправда | це брехня | теорія змови | недостовірно |
    неправдива інформація | falsch | größtenteils falsch | überwiegend falsch |
    grossteils falsch | großteils falsch | weitgehend falsch | meist falsch | völlig falsch |
    frei erfunden | erfunden | gefälscht | fälschung | manipuliert | irreführend | unwahr |
    nicht wahr | stimmt nicht | nicht richtig | unrichtig | lüge | desinformation |
    falschmeldung | falschinformation | falscher kontext | verschwörungstheorie |
    falsche behauptung | das ist falsch | faux | plutôt faux | majoritairement faux |
    en grande partie faux | totalement faux | complètement faux | c'est faux | inexact |
    trompeur | mensonger | mensonge | intox | infox | désinformation | manipulé | truqué |
    inventé | canular | pas vrai | ce n'est pas vrai | fausse information | fausse citation |
    détourné | infondé | montage | théorie du complot | propagande | fałsz | fałszywe | fałszywy |
    fałszywa | nieprawda | to nieprawda | to fałsz | kłamstwo | raczej fałsz |
    w większości fałsz | częściej fałsz | głównie fałsz | manipulacja | zmanipulowane |
    dezinformacja | wprowadza w błąd | fejk | zmyślone | sfabrykowane | nie jest prawdą |
    niezgodne z prawdą | teoria spiskowa | fałszywa informacja | przerobione | falso | falsa |
    engañoso | engañosa | enganoso | bulo | fuorviante | onwaar | misleidend | nepravda | lživé |
    zavádějící | zavádzajúce | netačno | laž | манипулация | невярно | лъжа | hamis |
    fals |
"""

TRUE = """
    true | mostly true | largely true | mainly true | completely true | correct | mostly correct |
    accurate | mostly accurate | right | real | genuine | authentic | verified | confirmed |
    fact | factual | legit | legitimate | correct attribution | yes | this is true | it is true |
    not false | not fake | not wrong | not a hoax | not misleading | geppetto checkmark | truth |
    the truth | правда | верно | правдиво | достоверно | истина | скорее правда |
    в основном правда | подтверждено | преимущественно правда | это правда |
    соответствует действительности | да | правильно | достовірно | істина | радше правда |
    переважно правда | здебільшого правда | підтверджено | це правда | відповідає дійсності |
    так | вірно | wahr | richtig | größtenteils richtig | überwiegend richtig |
    großteils richtig | korrekt | weitgehend richtig | größtenteils wahr | überwiegend wahr |
    stimmt | echt | zutreffend | belegt | bestätigt | ja | das stimmt | meist richtig |
    weitgehend korrekt | nicht falsch | vrai | plutôt vrai | majoritairement vrai |
    en grande partie vrai | exact | c'est vrai | avéré | vérifié | véridique | authentique | oui |
    confirmé | juste | pas faux | réel | prawda | raczej prawda | w większości prawda |
    głównie prawda | częściej prawda | prawdziwe | prawdziwy | prawdziwa | to prawda |
    zgodne z prawdą | potwierdzone | tak | poprawne | nie fałsz | verdadero | cierto |
    verdadeiro | vero | verità | waar | pravda | pravdivé | tačno | istina | вярно | igaz |
    doğru | adevărat | adevarat | სიმართლე | صحيح | सही |
"""

MIXED = """
    half true | half-true | partly true | partially true | partly false | partially false |
    mixed | mixture | mostly mixed | exaggerated | exaggeration | missing context |
    lacks context | needs context | out of context | unproven | unsupported | unverified |
    no evidence | unclear | not enough evidence | research in progress | in progress | satire |
    labeled satire | outdated | disputed | opinion | cherry-picking | cherry picking |
    more context needed | two pinocchios | one pinocchio | three pinocchios | spins the facts |
    distorts the facts | legend | flip-flop | полуправда | частично правда | частично верно |
    частично ложь | преувеличение | сатира | без контекста | не доказано | нет доказательств |
    вырвано из контекста | непроверено | напівправда | частково правда | частково правдиво |
    частково неправда | перебільшення | без контексту | відсутній контекст | не доведено |
    немає доказів | вирвано з контексту | teilweise richtig | teilweise falsch | teils falsch |
    teils richtig | halbwahr | halb wahr | fehlender kontext | unbelegt | übertrieben |
    unbewiesen | teilweise wahr | umstritten | größtenteils unbelegt | halbwahrheit |
    aus dem kontext gerissen | nicht belegt | partiellement vrai | partiellement faux |
    en partie vrai | en partie faux | à moitié vrai | mi-vrai | imprécis | exagéré | à nuancer |
    hors contexte | sorti de son contexte | non prouvé | manque de contexte | plutôt imprécis |
    parodie | discutable | półprawda | częściowa prawda | częściowo prawda | częściowo fałsz |
    częściowy fałsz | przesada | brak kontekstu | wyrwane z kontekstu | satyra | nieudowodnione |
    brak dowodów | nieweryfikowalne | niepotwierdzone |
"""
