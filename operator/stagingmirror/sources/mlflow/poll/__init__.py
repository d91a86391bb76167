"""Polling each distinct server once, whatever the number of mirrors."""
