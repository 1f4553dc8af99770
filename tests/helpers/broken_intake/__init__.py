"""A bad release of intake: the real service with one rule that fails for some of its commands.

`python -m broken_intake`; the environment variable BROKEN_INTAKE says for which:
`marked` for those whose comments say RAISES or SPOILS, a number between 0 and 1 for that share of all requests.
"""

RAISES = "the rule raises"
SPOILS = "what the rule returns cannot be saved"
