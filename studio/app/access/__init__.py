"""Who may come in, and what is theirs: sign-in, sessions, the requests that are refused before a page sees them."""
