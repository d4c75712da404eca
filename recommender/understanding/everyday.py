"""Words of everyday talk that by themselves name nothing, though many of them are titles.

A catalog's own prose tells which words are ordinary, but not every catalog has prose. These
are the commonest words of English talk beside the function words; a title made of them
alone ("The One", "Good Time", "Last Night") needs a capital, a cue or a year to be meant.
"""

from __future__ import annotations

from recommender.understanding.words import FUNCTION_WORDS, word_set

EVERYDAY = FUNCTION_WORDS | word_set(
    "may might nah nope soo sooo knowing moving release gold gory able above across action actor actors actress adult adults adventure afternoon age ago ahead "
    "airing alone along already alright always amazing anyone anyway apart around ask away awesome "
    "awful baby back bad based be beautiful because become bed began behind believe best better "
    "between big bit black blue body book books bored boring both box boy boys bring brother brothers "
    "buddy bunch buy bye call called came car care case cast cat catch cause chance change character "
    "characters cheap check child children choice choices cinema city class classic clear close cold "
    "come comes comedy coming cool couple course cry cut cute dad dark date daughter day days dead "
    "deal dear death definitely detail did didn't die different dinner director disney doing done door "
    "down dream drive dumb during each early easy eat eight eighties either else end ended ending "
    "enemy enjoy enjoyed enough entire especially even evening every everybody everyone everything "
    "evil exactly except excited eye eyes face fact fair fall family famous fan fantastic far fast "
    "father favorite favourite feels fell felt few fifty figure final finally finish fire first five "
    "follow food forever forget forgot forgotten four free fresh friday friend friends fun funny future "
    "game games gave genre getting gift girl girls given giving glad goes going gone goodbye gonna got "
    "gotta guess guy guys half hand hang happen happened happy hard hate haven't having he head heard "
    "heart heavy her here here's hers high hilarious him his hit hold holiday home honest hope hot hour "
    "hours house huge hundred i'd idea impossible in inside interest interested interesting isn't "
    "job joke joy jump keep kid kids kill kinda kinds knew known lady land last late lately later laugh "
    "least leave left less lets life light line list listen live lives living loads lol long longer lost "
    "lots loud loved low luck mad made main makes making man many match matter mean means meet men "
    "mentioned met mid middle might million mind mine minute minutes miss missed modern moment monday "
    "money month months mother music must myself name names near nearly neither never next nice night "
    "nights nine no nobody none nor north nothing now number odd off office often oh old older only "
    "onto open opinion option options order originals original outside over own part parts party past "
    "pay people perfect perhaps person pick picture piece place plan play played playing plays plenty "
    "plot point pretty probably problem put question quick quiet quite ran rare rather read ready real "
    "reason red related remember rest rich ride right road room run running sad safe said same sat "
    "saturday save saw say says scared scary scene scenes school season second seconds secret seem seems "
    "sense series serious set seven several sex shall she she's shop short shot should shown shows side "
    "sign silly simple since single sister sit six slow small soft some somebody someone sometime "
    "sometimes somewhere son song soon sorry sounds sound south special spend split stand star stars "
    "start started starting state stay step still stop story straight strange street strong style "
    "sucks summer sunday super suppose sure surprise sweet take taken takes taking talk talking taste "
    "teen teens ten terrible thanks theater there's they're thing think thought three through throw "
    "thursday time times tired together told tomorrow ton tonight took top total totally tough town "
    "train tried trip trouble true truly truth try trying tuesday turn twice twist twisted two type "
    "types under understand until upon use used usually version wait waiting walk wanna wanted wanting "
    "war warm wasn't watched watching water way ways wednesday week weekend weeks weird welcome went "
    "we're we've whatever when where while white who whole why wife win winner winter wish without "
    "woman women won wonder wonderful won't word words work working works world worse worst worth "
    "wouldn't wow wrong yea yeah year years yep yesterday yet young yours"
)
