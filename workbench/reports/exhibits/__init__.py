"""Floor 5: what a report shows, apart from the medium: figures, graphs and tables as numbers with their units, and what they say."""
