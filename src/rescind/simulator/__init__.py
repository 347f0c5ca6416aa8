"""Order histories of the past, read into one neutral shape so that a policy can be tried on them."""
