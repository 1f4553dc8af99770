"""Runs intake with one mutant; with the name `none`, intake as it is, under the same load."""

import os

from intake.app import run
from mutants.changes import MUTANTS

MUTANTS.get(os.environ["CASEBUS_MUTANT"], lambda: None)()
run()
