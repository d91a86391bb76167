"""Which mirror may write what: production is protected, overlapping mirrors are found."""
