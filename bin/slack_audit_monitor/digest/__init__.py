"""The daily digest: from a day's rows to "three things worth your attention".

    day       what the rows say, typed                 ranking  which things, in which order (never by any text)
    wording   their words without a model              page     the digest as text
    model_*   the same words from a chat endpoint      answer   what of its answer is taken, and what is not
    store     the digest as an event

Names and titles are written by users and so by attackers: `inert` takes out of them what a program could take for a
link, markup or a command, before anything else sees them. docs/digest.md.
"""
