"""Messages of casebus. Importing the package completes the registries `COMMANDS` and `FACTS`."""
