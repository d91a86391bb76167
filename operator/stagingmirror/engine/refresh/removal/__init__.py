"""What refreshes made and nobody needs any more."""
