"""Releases of intake gone bad in the chassis itself, to see whether the checker notices.

`python -m mutants` runs intake with the one mutant that the environment variable CASEBUS_MUTANT names. Nothing but this
package knows the variable: the chassis is patched from outside.
"""
