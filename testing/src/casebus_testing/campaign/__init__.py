"""The fault campaign: load by both doors while things are killed, stopped and disturbed; then the checker counts.

    python -m casebus_testing.campaign [--seconds N] [--seed S]
    python -m casebus_testing.campaign --mutants

It runs on a system of its own, with two copies of intake, one of them behind a proxy that can cut its connections, and,
for root, with PostgreSQL on a small file system that can be filled. A seed decides which faults fall in which order, on
whom and at which pause, and what the senders do; the scheduler of the machine decides the rest. In a round every kind
falls once; kinds that did not fall are told with the reason, and counted as not run.

After each fault probes to every partition of intake's commands are timed, from the end of the fault: that is
`recovery_s`, and more than 30 s fail the campaign. (What is killed is started again at once; that counts. A process
that stands still is counted from the moment at which it stops.) Last the independent checker looks, and every command
that was acknowledged must have its one final answer. Exit status 1 when anything was lost, doubled or out of order, or
came back too late. `bench/results/faults.json` holds the counts.
"""
