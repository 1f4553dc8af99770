"""`python -m casebus_testing.mutation`: changes rules one by one and sees whether a test notices. Uses mutmut."""
