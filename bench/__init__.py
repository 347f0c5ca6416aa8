"""Measurements, as ratios taken in one run. Start with ``make bench``; nothing here is a test."""
