"""Realistic months of a state of 115 counties: the same seed, the same people, days and times.

`state()` has the offices, `days_of` their working days, `contacts_on` what happens on one of them; `commands_of` says
it to Kafka, `loading.load` puts millions of them where months of work would have left them.
"""
