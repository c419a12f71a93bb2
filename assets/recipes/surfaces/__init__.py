"""The recipe of the sample Surface inspection."""
