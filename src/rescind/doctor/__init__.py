"""Whether an installation is fit for other people's money: what is looked at, what was found, and what to do."""
