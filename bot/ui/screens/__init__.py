"""What one person sees: consoles, cards, and the answers to commands and buttons."""
