"""Pure recognition: what a promise is worth, how far it is fulfilled, and so what is revenue by a day.

`allocation` gives each promise its part of the price, `variable` says how much of an uncertain amount counts,
`timeline` turns price and progress into revenue to date, `modification` decides what a change of the contract does,
`rights` prices options and breakage, `losses` and `financing` measure what a contract costs beside, `remaining` says
when the rest is expected. Paragraphs are of ASC 606-10 and IFRS 15.
"""
