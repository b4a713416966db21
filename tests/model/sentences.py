"""News sentences written for these tests, each with the claim that it repeats."""
# ruff: noqa: E501

SENTENCES = (
    (
        "Shoigu says the West's peacekeepers are really coming to occupy western Ukraine",
        "peacekeepers-occupy-west-ukraine",
    ),
    (
        "The Foreign Intelligence Service in Moscow claims the West plans to deploy some 100,000 troops to Ukraine disguised as peacekeepers.",
        "svr-100k-peacekeepers",
    ),
    (
        "A hundred thousand foreign soldiers will occupy Ukraine under a peacekeeping flag, according to the SVR.",
        "svr-100k-peacekeepers",
    ),
    (
        "Romania, Poland, Germany and Britain will each receive a slice of Ukraine under the peacekeeping scheme, state television reported.",
        "partition-four-zones",
    ),
    (
        "The blue helmets are invaders in disguise who want Ukraine's lithium and titanium, the Moscow official said.",
        "peacekeepers-minerals",
    ),
    (
        "Sending European troops to Russia's historical territories would start World War III, Shoigu warned.",
        "peacekeepers-ww3",
    ),
    (
        "Lavrov: no soldier from a NATO country may be stationed in Ukraine after a settlement, since Russia will never consent.",
        "moscow-veto-foreign-troops",
    ),
    (
        "Paris has a force of about 2,000 men ready to leave for Ukraine and conceals its dead there, Naryshkin said.",
        "svr-france-2000-troops-2024",
    ),
    (
        "According to the SVR, President Macron is moving two thousand Foreign Legion stormtroopers, many from Latin America, to central Ukraine via Poland.",
        "svr-france-legion-2025",
    ),
    (
        "Zelensky's mandate expired on 20 May 2024 and any treaty that he signs will be void, Putin told reporters.",
        "zelensky-illegitimate",
    ),
    (
        "The Ukrainian leader has been illegitimate ever since his five-year term ended, the Kremlin spokesman repeated.",
        "zelensky-illegitimate",
    ),
    (
        "Under the Ukrainian constitution the speaker of the Rada is now the only legitimate authority, the Russian president argued.",
        "power-passes-to-rada-speaker",
    ),
    (
        "Only four percent of Ukrainians still approve of their president, he claimed.",
        "zelensky-4-percent",
    ),
    (
        "Zelensky's rating is plummeting and his own people have turned away from him, according to the Duma speaker.",
        "zelensky-ratings-falling",
    ),
    (
        "A dictator without elections, that is what the Ukrainian president has become.",
        "dictator-without-elections",
    ),
    (
        "First a presidential election in Ukraine, and only then can somebody sign a peace agreement, Moscow insists.",
        "elections-first-condition",
    ),
    (
        "Before any ceasefire is signed, Ukrainians must vote for a new president with the authority to conclude peace.",
        "elections-first-condition",
    ),
    (
        "His talk of voting during a truce is a ruse to rearm the Ukrainian forces and derail negotiations.",
        "ceasefire-for-elections-plot",
    ),
    (
        "The peace conference in Switzerland was theatre meant to distract from the Kyiv regime's lack of legitimacy.",
        "peace-summit-cover",
    ),
    (
        "Yermak, Budanov and Zaluzhny secretly met the Americans and the British in the Alps to agree on replacing Zelensky.",
        "alps-plot-zaluzhny",
    ),
    (
        "State employees are being polled on the quiet by Zelensky's office in order to rig the coming vote.",
        "office-election-surveys",
    ),
    (
        "The coalition of the willing unites Russophobes who are dragging Europe into nuclear suicide.",
        "coalition-willing-suicide",
    ),
    (
        "Boris Johnson came to Kyiv and forbade the signing of the peace that had been agreed in Istanbul.",
        "johnson-istanbul",
    ),
    (
        "The West will fight Russia until no Ukrainian is left and refuses to negotiate.",
        "war-to-last-ukrainian",
    ),
)
