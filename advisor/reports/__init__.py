"""What an architect shows: plots, and the architecture review as a page, as Markdown and as PDF."""
