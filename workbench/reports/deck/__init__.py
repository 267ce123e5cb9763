"""Floor 5: PowerPoint decks: native, editable charts and tables. Only this package imports python-pptx."""
