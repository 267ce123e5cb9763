"""What a page shows as plain data: rows, figures, sentences. No Panel; tested without a browser."""
