"""Steps that bring bytes to staging: nothing runs them before a later step says so."""
