"""Answers as a person reads them in a terminal, at 80 columns or more."""
