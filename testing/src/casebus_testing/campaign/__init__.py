"""The fault campaign: load by both doors while things are killed, stopped and disturbed; then the checker counts.

    python -m casebus_testing.campaign [--seconds N] [--seed S]
    python -m casebus_testing.campaign --mutants

It runs on a system of its own, with two copies of intake. A seed decides which faults fall in which order, on whom
and at which pause, and what the senders do; the scheduler of the machine decides the rest. After each fault probes
to every partition of intake's commands are timed: that is `recovery_s`. Last the independent checker looks, and every
command that was acknowledged must have its one final answer. Exit status 1 when anything was lost, doubled or out of
order.
"""
