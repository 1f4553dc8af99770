"""Voter registration at every covered contact (V-01 to V-15)."""
