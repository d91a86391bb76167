"""What is known of each server: its flags, its variables, its defaults. A file each, with its
sources.
"""
