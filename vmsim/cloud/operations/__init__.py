"""The verbs. Each file is one: `prepare` checks what needs no instance (and does slow things, before the transaction),
`check` refuses inside the transaction that would record it, `perform` is the worker's part and may run twice."""
