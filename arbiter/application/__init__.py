"""Turns commands into facts through ports; knows no database, no thread and no clock."""
