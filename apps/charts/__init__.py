"""Charts that pages and notebooks share. One module a kind of chart; ``month`` is the one that follows a slider."""
