"""`vmsim verify`: each sentence of the document, proved on real guests through the real API.

    main ─▶ stage (a temporary home, its lab, its API) ─▶ cycles, two side by side ─▶ rows ─▶ report

A *cycle* is one guest's life: launched, stopped, started again. A *row* is one sentence: a generator that looks, asks
and waits for the next moment of its guest's life, so many sentences share few boots. Rows do not depend on each other's
verdicts; what fails in a guest's life itself (it does not start) fails the rows that were waiting for it.
A part of the product adds its sentences by a module in rows/ and a line in rows/__init__.py.
"""
