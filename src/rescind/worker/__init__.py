"""What happens by itself: deadlines lapse, refunds are sent, news is carried."""
