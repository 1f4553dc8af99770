"""`make demo`: a morning of two Missouri offices in fast motion, and what became of it.

Starts the whole system, loads the sample directory, and then is nothing but another system
that sends commands to Kafka and reads what comes back. At the end the independent checker
counts over topics and tables.
"""
