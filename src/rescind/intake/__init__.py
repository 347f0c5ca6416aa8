"""What comes in from outside, checked and put into the words of the core: documents, texts, orders, facts."""
