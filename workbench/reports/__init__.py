"""Floor 5: a run as a report that opens anywhere: one HTML file, with no request to anything outside it."""
