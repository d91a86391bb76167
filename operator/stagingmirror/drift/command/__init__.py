"""What the words of a container's command and arguments give, and how one of them is changed."""
