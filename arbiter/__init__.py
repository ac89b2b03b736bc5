"""Arbiter decides which agent does which task, under which rules, and can prove it afterwards."""
